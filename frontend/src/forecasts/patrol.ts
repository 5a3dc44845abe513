// Patrol suggestions: places and hours, a share of them drawn by chance so that places without reports are looked at too.
import { read, write } from '../room/http'
import type { Choice, Decision, Equity, Text } from './types'

const base = '/api/cartheft/suggestions'

export interface Slot {
  cell: string
  label?: string
  area: string
  area_name?: string
  lon: number
  lat: number
  day: number // 0 is Monday
  hour: number // beginning of two hours; -1: any hour of the day
  minutes: number
  why: 'forecast' | 'exploration'
  expected: number
  rank: number
  probability?: number
}

export interface Suggestion {
  id: string
  run: string
  at: string
  author: string
  seed: string
  hours: number
  exploration: number
  explored: number
  exploration_hours: number
  precision: 'hours' | 'days'
  held: number
  held_places?: number
  even: number
  slots: Slot[] | null
  equity: Equity[] | null
  warnings?: Text[] | null
  decisions?: Decision[] | null
}

export const suggestions = {
  ask: (body: { run: string; hours: number; exploration: number }) => write<Suggestion>('POST', base, body),
  of: async (run: string, signal?: AbortSignal) =>
    (await read<{ suggestions: Suggestion[] | null }>(base, { run, limit: 20 }, signal)).suggestions ?? [],
  one: (id: string, signal?: AbortSignal) => read<Suggestion>(`${base}/${encodeURIComponent(id)}`, {}, signal),
  decide: (id: string, body: { decision: Choice; note: string }) =>
    write<void>('POST', `${base}/${encodeURIComponent(id)}/decisions`, body),
}
