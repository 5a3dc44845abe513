// The server's operations on the audit journal.
import { ask, get } from '../lib/api'
import { addDays, isDay, midnight } from '../lib/day'
import { instant } from '../lib/filter'
import { reasonHeader } from '../account/reason'

export interface Entry {
  seq: number
  at: string | null // null where it is erased, as all that follows is empty
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
  erased: number // number of the entry that erased it; 0 if it is whole
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
export async function page(
  search: Record<string, string>,
  cursor: string | undefined,
  signal: AbortSignal,
  size = pageSize,
) {
  const params = searchParams(search)
  params.set('limit', String(size))
  if (cursor) params.set('cursor', cursor)
  const answer = await get<{ entries: Entry[] | null; next?: string | number | null }>('/api/journal', params, signal)
  return { entries: answer.entries ?? [], next: answer.next ? String(answer.next) : undefined }
}

/** The entry of a number, whatever is searched for; undefined if there is none. */
export async function entryOf(seq: string, signal: AbortSignal): Promise<Entry | undefined> {
  const { entries } = await page({}, String(Number(seq) + 1), signal, 1)
  return entries.find((entry) => String(entry.seq) === seq)
}

/**
 * Splits off the lines that only say that a request began, where the line of its outcome is among the others: without
 * them a request is one line. One that never ended stays.
 */
export function folded(entries: Entry[]): Entry[] {
  const ended = new Set<string>()
  return entries.filter(({ outcome, request_id: request }) => {
    if (outcome !== 'begun') ended.add(request)
    return outcome !== 'begun' || !request || !ended.has(request)
  })
}

export const root = () => get<Root>('/api/journal/root')

/** Follows the whole chain, and holds it to a root (`SEQ:HASH`) that was noted elsewhere, unless that is ''. */
export async function verify(root: string, signal: AbortSignal): Promise<Verification> {
  const query = root ? '?' + new URLSearchParams({ root }) : ''
  return (await ask('/api/journal/verification' + query, { method: 'POST', signal })).json()
}

/** Whether the text is a root as this page copies it. */
export const isRoot = (text: string) => /^\d{1,18}:[0-9a-f]{64}$/.test(text)

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
