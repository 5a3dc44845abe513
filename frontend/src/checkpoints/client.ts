// The operations on checkpoints as typed functions. A refused request becomes a Refusal, which knows the wrong fields.
import { ApiError } from '../lib/api'
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

/** What is wrong with one field, in both languages where the server says so. */
export interface FieldProblem {
  field: string // dotted: teams.0.unit; "" is the whole
  fr: string
  en: string
}

/** A request that the server refused. */
export class Refusal extends ApiError {
  constructor(
    status: number,
    detail: string,
    code: string,
    readonly fields: FieldProblem[],
  ) {
    super(status, detail, code)
  }
}

interface ProblemBody {
  title?: string
  detail?: string
  code?: string
  field?: string
  fr?: string
  en?: string
  errors?: { location?: string; message?: string; fr?: string; en?: string }[]
}

function fieldsOf({ field, fr, en, detail, errors }: ProblemBody): FieldProblem[] {
  const listed = (errors ?? []).map(({ location = '', message = '', fr, en }) => ({
    field: location.replace(/^body\.?/, '').replace(/\[(\d+)\]/g, '.$1'),
    fr: fr ?? message,
    en: en ?? message,
  }))
  if (listed.length > 0) return listed
  return fr || field ? [{ field: field ?? '', fr: fr ?? detail ?? '', en: en ?? detail ?? '' }] : []
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, { ...init, headers: { accept: 'application/json', ...init.headers } })
  if (response.ok) return response
  const body = (await response.json().catch(() => ({}))) as ProblemBody
  throw new Refusal(response.status, body.detail ?? body.title ?? '', body.code ?? '', fieldsOf(body))
}

type Query = Record<string, string | number | string[] | undefined>

function address(path: string, query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) params.append(key, String(one))
  }
  return params.size > 0 ? `${path}?${params}` : path
}

const read = async <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  (await send(address(base + path, query), { signal })).json()

async function write<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(base + path, {
    method,
    signal,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  return response.status === 204 ? (undefined as T) : response.json()
}

interface JobStatus {
  status: string
  progress: number
  message?: string
}

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

/** Told the share of a job that is done, from 0 to 1, and what it does. */
export type Progress = (share: number, message: string) => void

/** Asks for a plan. */
export const propose = (request: Request, progress: Progress, signal: AbortSignal) =>
  worked('/plans', request, progress, signal)

/** Asks for another proposal around what is locked and forbidden. */
export const repropose = (id: string, base: number, progress: Progress, signal: AbortSignal) =>
  worked(plan(id, '/proposal'), { base }, progress, signal, id)

/** What may take longer than one answer: then its job is followed, whose id is that of a new plan. */
async function worked(path: string, body: unknown, progress: Progress, signal: AbortSignal, id?: string) {
  const headers = { 'content-type': 'application/json', prefer: 'respond-async' }
  const response = await send(base + path, { method: 'POST', body: JSON.stringify(body), headers, signal })
  if (response.status !== 202) return (await response.json()) as Resource
  const { job } = (await response.json()) as { job: string }
  for (;;) {
    const status = (await (await send('/ogc/jobs/' + job, { signal })).json()) as JobStatus
    progress(status.progress / 100, status.message ?? '')
    if (status.status === 'successful') return client.plan(id ?? job, undefined, signal)
    if (status.status !== 'accepted' && status.status !== 'running') throw await failure(job, status, signal)
    await pause(350, signal)
  }
}

/** Why a job failed: its results say it as a problem. */
async function failure(job: string, status: JobStatus, signal: AbortSignal): Promise<unknown> {
  try {
    await send(`/ogc/jobs/${job}/results`, { signal })
  } catch (problem) {
    return problem
  }
  return new Refusal(422, status.message ?? '', 'invalid', [])
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), fail(signal.reason)), { once: true })
  })
}
