/** The data of the chosen range as React state: live ranges follow the folds, stored ones are asked again every 15 s. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { KpisAnswer } from '../../api/schemas/kpis.ts';
import { useDesk, useDeskView } from '../app/desk-context.tsx';
import { requestJson } from '../http/api-client.ts';
import { serverNowMs } from '../live/server-clock.ts';
import { type RangeData, readLiveRange, readStoredRange } from './range-data.ts';
import { boundsOf, type RangeName, rangeOf, type StoredRange } from './ranges.ts';

const REFRESH_MS = 15_000;

export type RangeState =
  | { readonly status: 'loading' }
  | { readonly status: 'failed'; readonly message: string; retry(): void }
  | { readonly status: 'ready'; readonly data: RangeData; readonly stale: boolean };

async function loadStoredRange(range: StoredRange, signal: AbortSignal) {
  const nowMs = serverNowMs();
  const { fromMs } = boundsOf(range, nowMs);
  const ask = (by: string, step: string): Promise<KpisAnswer> => {
    const query = new URLSearchParams({
      from: new Date(fromMs).toISOString(),
      to: new Date(nowMs).toISOString(),
      step,
      by,
    });
    return requestJson<KpisAnswer>(`/v1/kpis?${query}`, { surface: 'desk', signal });
  };
  const [lines, channels] = await Promise.all([ask('businessLine', range.step), ask('channel', 'total')]);
  return { nowMs, position: lines.position, byLine: lines.series, byChannel: channels.series };
}

export function useRangeData(name: RangeName, currency: string | undefined): RangeState {
  const range = rangeOf(name);
  const desk = useDesk();
  const view = useDeskView();
  const stored = useQuery({
    queryKey: ['kpis', name],
    queryFn: ({ signal }) => loadStoredRange(range as StoredRange, signal),
    enabled: range.origin === 'stored',
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });

  return useMemo<RangeState>(() => {
    if (range.origin === 'live') {
      if (desk === undefined || view === undefined || !view.ready) return { status: 'loading' };
      const data = readLiveRange(desk, range, desk.nowMs(), currency);
      return { status: 'ready', data, stale: view.connection.phase !== 'live' };
    }
    if (stored.data !== undefined && !stored.isPlaceholderData) {
      const data = readStoredRange(stored.data, range, stored.data.nowMs, currency);
      return { status: 'ready', data, stale: stored.isError };
    }
    if (stored.isError) {
      return { status: 'failed', message: stored.error.message, retry: () => void stored.refetch() };
    }
    return { status: 'loading' };
    // `view` changes with each notification of the folds, which is when live figures are new.
  }, [range, desk, view, stored, currency]);
}
