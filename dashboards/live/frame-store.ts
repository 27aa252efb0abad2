/**
 * An external store that React reads at most once per animation frame (or once per `minIntervalMs`), however many
 * messages come in between. State is folded outside React; a hidden tab keeps folding and renders nothing.
 */
export interface FrameStore<T> {
  /** The value as of the last notification; stable between notifications, as useSyncExternalStore wants. */
  getSnapshot(): T;
  subscribe(listener: () => void): () => void;
  /** Something changed: read again with the next frame. */
  markChanged(): void;
  /** Reads and notifies now. */
  flush(): void;
}

export interface FrameScheduler {
  requestFrame(callback: (nowMs: number) => void): void;
}

export function createFrameStore<T>(
  read: () => T,
  { scheduler, minIntervalMs = 0 }: { readonly scheduler: FrameScheduler; readonly minIntervalMs?: number },
): FrameStore<T> {
  const listeners = new Set<() => void>();
  let snapshot = read();
  let scheduled = false;
  let lastMs = Number.NEGATIVE_INFINITY;

  const flush = (): void => {
    snapshot = read();
    for (const listener of listeners) listener();
  };
  const onFrame = (nowMs: number): void => {
    if (nowMs - lastMs < minIntervalMs) {
      scheduler.requestFrame(onFrame);
      return;
    }
    lastMs = nowMs;
    scheduled = false;
    flush();
  };
  return {
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    markChanged() {
      if (scheduled) return;
      scheduled = true;
      scheduler.requestFrame(onFrame);
    },
    flush,
  };
}
