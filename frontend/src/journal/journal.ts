// The server's operations on the audit journal.
import { ask, get } from '../lib/api'
import { addDays, isDay, midnight } from '../lib/day'
import { instant } from '../lib/filter'
import { reasonHeader } from '../account/reason'

export interface Entry {
  seq: number
  at: string // '' where it is erased
  account: string
  machine: boolean
  operation: string
  class: string
  act: string
  reason: string
  reference: string
  recipient: string
  address: string
  outcome: string
  request_id: string
  erased: boolean
}

export interface Root {
  seq: number
  hash: string
  at: string | null
}

export interface Verification {
  ok: boolean
  entries: number
  erased: number
  from: number
  to: number
  broken: { seq: number; why: string } | null
}

export const pageSize = 50

/** What the journal is searched for, as the server takes it: days become the instants of the territory's midnights. */
export function searchParams(search: Record<string, string>): URLSearchParams {
  const params = new URLSearchParams()
  for (const key of ['account', 'operation', 'act', 'class', 'outcome', 'reference']) {
    if (search[key]) params.set(key, search[key])
  }
  if (isDay(search.from ?? '')) params.set('from', instant(midnight(search.from)))
  if (isDay(search.to ?? '')) params.set('to', instant(midnight(addDays(search.to, 1))))
  return params
}

/** One page, newest first. It may hold fewer entries than asked for, even none, while there is more behind `next`. */
export async function page(search: Record<string, string>, cursor: string | undefined, signal: AbortSignal) {
  const params = searchParams(search)
  params.set('limit', String(pageSize))
  if (cursor) params.set('cursor', cursor)
  const answer = await get<{ entries: Entry[] | null; next?: string | number | null }>('/api/journal', params, signal)
  return { entries: answer.entries ?? [], next: answer.next ? String(answer.next) : undefined }
}

export const root = () => get<Root>('/api/journal/root')

export const verify = async (signal: AbortSignal): Promise<Verification> =>
  (await ask('/api/journal/verification', { method: 'POST', signal })).json()

/** The entries of a search as CSV. The reason goes into the journal before they leave. */
export async function exported(search: Record<string, string>, reason: string): Promise<Blob> {
  const headers = { accept: 'text/csv', ...reasonHeader(reason) }
  return (await ask(`/api/journal/export?${searchParams(search)}`, { headers })).blob()
}

/** How something ended, of the many outcomes that the server writes. */
export type Ending = 'begun' | 'done' | 'refused' | 'missing' | 'wrong' | 'failed'

export function ending(outcome: string): Ending {
  if (outcome === 'begun' || outcome === 'done') return outcome
  const status = Number(outcome)
  if (status >= 200 && status < 400) return 'done'
  if (status === 401 || status === 403 || status === 428 || status === 429) return 'refused'
  if (status === 404) return 'missing'
  return status >= 400 && status < 500 ? 'wrong' : 'failed'
}
