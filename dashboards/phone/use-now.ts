/** The server's time, told anew each second: for countdowns. */
import { useEffect, useState } from 'react';
import { serverNowMs } from '../live/server-clock.ts';

export function useNow(): number {
  const [nowMs, setNowMs] = useState(serverNowMs);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(serverNowMs()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
