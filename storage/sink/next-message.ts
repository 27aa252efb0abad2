/** The next message of a log, or the end of waiting for it. */
import type { OutcomeMessage } from './batch-builder.ts';

/** `undefined` at the end of the messages or when stopping; a pending read must not hold up a stop. */
export function nextOrStopped(
  messages: AsyncIterator<OutcomeMessage>,
  signal: AbortSignal,
): Promise<OutcomeMessage | undefined> {
  return new Promise((settle, fail) => {
    const stop = () => settle(undefined);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    messages.next().then(
      (result) => {
        signal.removeEventListener('abort', stop);
        settle(result.done === true ? undefined : result.value);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', stop);
        fail(error);
      },
    );
  });
}
