/** Animation frames of the browser. They rest while the page is hidden, and so does what is driven by them. */
import type { FrameScheduler } from './frame-store.ts';

export const browserFrames: FrameScheduler = { requestFrame: (callback) => void requestAnimationFrame(callback) };
