// The server's operations as typed functions. Errors are problem+json and become ApiError.

import type { Grant } from './rights'

export interface Session {
  name: string
  machine?: boolean
  grants: Grant[]
  expires?: string
}

/** Which ways there are to log in. */
export interface LoginWays {
  local: boolean
  oidc: { title: string; url: string } | null
}

/** Why a count is not told: it is below k, or it would give away a neighbour that is. */
export type Hidden = 'below' | 'withheld'

/** A count, or what may be said instead of it; with both, the count is of the events that are not protected. */
export interface Counted {
  count: number | null
  hidden?: Hidden
  k?: number
}

/** What was answered of the families of categories whose small counts are hidden. */
export interface Protected {
  families: { category: string; k: number }[]
  /** The whole years that were counted; null where none was. */
  from: string | null
  to: string | null // exclusive
  /** How many counts of the answer are hidden. */
  hidden: number
  /** Filters that protected counts do not have: because of them the families are left out. */
  ignored?: string[] | null
}

export interface FacetValue extends Counted {
  value: string
}

export interface SourceInfo {
  name: string
  title: string
  publisher: string
  licence: string
  synthetic: boolean
  events: number
  last_reported: string | null
}

export interface Meta {
  version: number
  period: { from: string; to: string } | null
  bounds: [number, number, number, number] | null
  synthetic: boolean
  sources: SourceInfo[] | null
  base_map: { style_url: string | null } | null
  attribution: string
  freshness: string | null
  protected?: Protected
}

export interface Summary {
  total: number
  positioned: number
  histogram: { from: string; to: string; bins: number[] }
  hour_grid: number[]
  facets: Record<string, FacetValue[] | null>
  version: number
  protected?: Protected
  /** The protected families by month, which no bin of the histogram holds. */
  protected_months?: (Counted & { value: string })[] | null
}

export interface AreaName {
  path: string
  name: string
}

export interface Area extends AreaName {
  level: string
  code: string
  bounds: [number, number, number, number] | null
}

export interface CellRow extends Counted {
  h3: string
  lon: number
  lat: number
  area: AreaName | string | null
}

export interface AreaRow extends AreaName, Counted {
  level: string
}

export interface Profile {
  h3: string
  res: number
  center: [number, number]
  area_m2: number
  area: AreaName | null
  total: number | null
  hidden?: Hidden
  k?: number
  protected?: Protected
  hours: number[]
  weekdays: number[]
  months: number[]
  hour_grid: number[]
}

export interface EventRow {
  source: string
  ref: string
  category: string
  severity: string
  start: string // in the local time of the place
  end: string
  lon: number | null
  lat: number | null
  precision_m: number | null
  attributes: Record<string, string[] | string> | null
}

/** An answer that is not 2xx: status, the server's code of the problem, and what it says in words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly code = '',
  ) {
    super(detail || `HTTP ${status}`)
  }
}

/** Asks the server; an answer that is not 2xx is thrown as an ApiError. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, { ...init, headers: { accept: 'application/json', ...init.headers } })
  if (response.ok) return response
  const problem = await response.json().catch(() => ({}))
  throw new ApiError(response.status, String(problem.detail ?? problem.title ?? ''), String(problem.code ?? ''))
}

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await ask(path, init)
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T)
}

export const get = <T>(path: string, params?: URLSearchParams, signal?: AbortSignal) =>
  call<T>(params && params.size > 0 ? `${path}?${params}` : path, { signal })

/** A copy of the parameters with some more. */
export function plus(params: URLSearchParams, more: Record<string, string | number | undefined>): URLSearchParams {
  const copy = new URLSearchParams(params)
  for (const [key, value] of Object.entries(more)) if (value !== undefined) copy.set(key, String(value))
  return copy
}

export const api = {
  session: () => get<Session>('/api/session'),
  ways: () => get<LoginWays>('/api/login'),
  login: (name: string, password: string) =>
    call<Session>('/api/session', {
      method: 'POST',
      body: JSON.stringify({ name, password }),
      headers: { 'content-type': 'application/json' },
    }),
  logout: () => call<void>('/api/session', { method: 'DELETE' }),
  meta: () => get<Meta>('/api/meta'),
  summary: (params: URLSearchParams, signal?: AbortSignal) => get<Summary>('/api/summary', params, signal),
  cells: async (params: URLSearchParams, signal?: AbortSignal) =>
    get<{ cells: CellRow[] | null; truncated: boolean; total: number; protected?: Protected }>(
      '/api/cells',
      params,
      signal,
    ),
  profile: (h3: string, params: URLSearchParams, signal?: AbortSignal) =>
    get<Profile>('/api/cells/' + h3, params, signal),
  events: (params: URLSearchParams, signal?: AbortSignal) =>
    get<{ events: EventRow[] | null; next?: string | null }>('/api/events', params, signal),
  areas: async (q: string, signal?: AbortSignal) => {
    const answer = await get<Area[] | { areas: Area[] | null } | null>('/api/areas', new URLSearchParams({ q }), signal)
    return Array.isArray(answer) ? answer : (answer?.areas ?? [])
  },
  area: (path: string) => get<Area>('/api/areas/' + encodeURIComponent(path)),
  areaCounts: (params: URLSearchParams, signal?: AbortSignal) =>
    get<{ areas: AreaRow[] | null; truncated?: boolean; protected?: Protected }>('/api/area-counts', params, signal),
}
