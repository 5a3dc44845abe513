// The operations on checkpoints as typed functions.
import { address, follow, ordered, read as readAt, write as writeAt, type Progress, type Query } from '../room/http'
import type { Result } from './result'
import type {
  Approval,
  Change,
  Features,
  Filed,
  Listed,
  Options,
  Place,
  PlanState,
  Report,
  Request,
  Resource,
  Revision,
  RiskFeature,
  SiteFeature,
  SiteStatus,
} from './types'

const base = '/api/checkpoints'
const read = <T>(path: string, query?: Query, signal?: AbortSignal) => readAt<T>(base + path, query, signal)
const write = <T>(method: string, path: string, body?: unknown, signal?: AbortSignal) =>
  writeAt<T>(method, base + path, body, signal)

const plan = (id: string, rest = '') => `/plans/${encodeURIComponent(id)}${rest}`

export const client = {
  options: (area: string[], signal?: AbortSignal) => read<Options>('/options', { area }, signal),
  plans: (query: { area?: string[]; state?: PlanState; limit?: number; cursor?: string }, signal?: AbortSignal) =>
    read<{ plans: Listed[] | null; next?: string | null }>('/plans', query, signal),
  plan: (id: string, revision?: number, signal?: AbortSignal) => read<Resource>(plan(id), { revision }, signal),
  history: (id: string) => read<{ revisions: Revision[] | null }>(plan(id, '/history')),
  sites: (id: string, query: { slot: string; post?: string; unit?: string }, signal?: AbortSignal) =>
    read<Features<SiteFeature>>(plan(id, '/sites'), query, signal),
  risk: (query: { area: string[]; kind: string; hour: number; limit: number }, signal?: AbortSignal) =>
    read<Features<RiskFeature>>('/risk', query, signal),

  change: (
    id: string,
    body: { base: number; changes: Change[]; preview?: boolean; note?: string },
    signal?: AbortSignal,
  ) => write<Resource>('POST', plan(id, '/changes'), body, signal),
  undo: (id: string, base: number) => write<Resource>('POST', plan(id, '/undo'), { base }),
  approve: (id: string, body: { base: number } & Approval) => write<Resource>('POST', plan(id, '/approval'), body),
  refuse: (id: string, body: { base: number; reason: string }) => write<Resource>('POST', plan(id, '/refusal'), body),
  close: (id: string, base: number) => write<Resource>('POST', plan(id, '/closing'), { base }),

  reports: (id: string) => read<{ reports: Filed[] | null }>(plan(id, '/reports')),
  report: (id: string, post: string, report: Report) =>
    write<void>('PUT', plan(id, '/reports/' + encodeURIComponent(post)), report),
  places: (area: string[], signal?: AbortSignal) =>
    read<{ places: Place[] | null; names?: Record<string, string> | null }>('/places', { area }, signal),
  place: (id: string, body: { status: SiteStatus; lit: string; note: string }) =>
    write<Place>('PUT', '/places/' + encodeURIComponent(id), body),

  evaluate: (id: string, base: number) => write<Resource>('POST', plan(id, '/evaluation'), { base }),
  evaluation: (id: string) => read<Result>(plan(id, '/evaluation')),
  overall: (query: { area: string[]; from: string; to: string }, signal?: AbortSignal) =>
    read<Result>('/evaluation', query, signal),

  /** The address of a file of the plan: `order.pdf`, `plan.gpx`. */
  file: (id: string, name: string, revision?: number) => address(base + plan(id, '/' + name), { revision }),
}

/** Asks for a plan. */
export const propose = (request: Request, progress: Progress, signal: AbortSignal) =>
  worked('/plans', request, progress, signal)

/** Asks for another proposal around what is locked and forbidden. */
export const repropose = (id: string, base: number, progress: Progress, signal: AbortSignal) =>
  worked(plan(id, '/proposal'), { base }, progress, signal, id)

/** What may take longer than one answer: then its job is followed, whose id is that of a new plan. */
async function worked(path: string, body: unknown, progress: Progress, signal: AbortSignal, id?: string) {
  const answer = await ordered<Resource>(base + path, body, signal)
  if (!('job' in answer)) return answer
  await follow(answer.job, progress, signal)
  return client.plan(id ?? answer.job, undefined, signal)
}
