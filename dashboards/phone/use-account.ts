/** The customer's account and the places around, asked again every few seconds while the phone is shown. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { CustomerAnswer } from '../../api/schemas/customers.ts';
import type { NearbyAnswer } from '../../api/schemas/nearby.ts';
import { requestJson } from '../http/api-client.ts';
import { type Place, readAccount } from './customer-account.ts';

const ACCOUNT_REFRESH_MS = 4_000;
const NEARBY_RADIUS_M = 1_500;
/** Places are asked for anew after about 100 m, not with every step. */
const GRID_DEGREES = 0.001;

export function useAccount(customer: string) {
  return useQuery({
    queryKey: ['customer', customer],
    queryFn: async ({ signal }) =>
      readAccount(
        await requestJson<CustomerAnswer>(`/v1/customers/${encodeURIComponent(customer)}`, {
          surface: 'phone',
          signal,
        }),
      ),
    refetchInterval: ACCOUNT_REFRESH_MS,
  });
}

export function useNearby(customer: string, position: Place | undefined) {
  const cell =
    position === undefined
      ? undefined
      : {
          lat: Math.round(position.lat / GRID_DEGREES) * GRID_DEGREES,
          lon: Math.round(position.lon / GRID_DEGREES) * GRID_DEGREES,
        };
  return useQuery({
    queryKey: ['nearby', customer, cell?.lat, cell?.lon],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({
        lat: String(cell?.lat.toFixed(5)),
        lon: String(cell?.lon.toFixed(5)),
        radiusM: String(NEARBY_RADIUS_M),
        limit: '40',
      });
      return requestJson<NearbyAnswer>(`/v1/nearby?${query}`, { surface: 'phone', signal });
    },
    enabled: cell !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}
