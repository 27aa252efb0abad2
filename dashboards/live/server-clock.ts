/**
 * The server's clock as this device can tell it: from the `Date` header of answers, so that a device with a wrong clock
 * still shows the right last two minutes. The header has whole seconds, so small differences are taken for none.
 */
const NOTICED_MS = 3_000;
let offsetMs = 0;

export function observeServerDate(header: string | null, nowMs: number): void {
  const serverMs = header === null ? Number.NaN : Date.parse(header);
  if (Number.isNaN(serverMs)) return;
  const difference = serverMs + 500 - nowMs;
  offsetMs = Math.abs(difference) < NOTICED_MS ? 0 : difference;
}

export function serverNowMs(): number {
  return Date.now() + offsetMs;
}
