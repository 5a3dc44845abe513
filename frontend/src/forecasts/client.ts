// The operations on forecasts as typed functions.
import type { Stream } from '../lib/stream.svelte'
import { address, follow, ordered, read, send, write, type Progress } from '../room/http'
import type { Alert, Choice, Decision, JobAnswer, Listed, Offer, Run, Value } from './types'

const base = '/api/forecasts'
const runAt = (run: string, rest = '') => `${base}/runs/${encodeURIComponent(run)}${rest}`

export interface ValueQuery extends Record<string, string | number | string[] | undefined> {
  area?: string
  kind?: string
  place?: string
  step?: string
  from?: string
  to?: string
  rank?: number
  limit?: number
  cursor?: string
}

export const client = {
  offers: async (signal?: AbortSignal) => (await read<{ forecasts: Offer[] | null }>(base, {}, signal)).forecasts ?? [],
  runs: (
    name: string,
    query: { area?: string; horizon?: string; limit?: number; cursor?: string },
    signal?: AbortSignal,
  ) => read<{ runs: Listed[] | null; next?: string | null }>(`${base}/${encodeURIComponent(name)}/runs`, query, signal),
  run: (run: string, signal?: AbortSignal) => read<Run>(runAt(run), {}, signal),
  values: (run: string, query: ValueQuery, signal?: AbortSignal) =>
    read<{ values: Value[] | null; next?: string | null }>(runAt(run, '/values'), query, signal),
  file: (run: string, f: 'csv' | 'geojson') => address(runAt(run, '/values'), { f }),
  alerts: async (signal?: AbortSignal) =>
    (await read<{ alerts: Alert[] | null }>(base + '/alerts', {}, signal)).alerts ?? [],
  decisions: async (run: string, signal?: AbortSignal) =>
    (await read<{ decisions: Decision[] | null }>(runAt(run, '/decisions'), {}, signal)).decisions ?? [],
  decide: (run: string, body: { decision: Choice; note: string; places?: string[] }) =>
    write<void>('POST', runAt(run, '/decisions'), body),
}

export interface Order {
  areas: string[]
  horizon: string
  until?: string
  options?: Record<string, string>
}

/** Starts a run and waits for it, however long it takes. */
export async function start(
  name: string,
  order: Order,
  progress: Progress,
  signal: AbortSignal,
  stream: Stream,
): Promise<string> {
  const answer = await ordered<JobAnswer>(`${base}/${encodeURIComponent(name)}/runs`, order, signal)
  if (!('job' in answer)) return answer.run
  await follow(answer.job, progress, signal, stream)
  return ((await (await send(`/ogc/jobs/${answer.job}/results`, { signal })).json()) as JobAnswer).run
}

/** The vector tiles of a run. */
export const tilesOf = (run: string, query: { kind?: string; at?: string }) =>
  location.origin + address(`/tiles/forecasts/${encodeURIComponent(run)}/{z}/{x}/{y}.mvt`, query)
