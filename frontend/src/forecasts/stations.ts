// The fire stations of a territory and what is forecast for them.
import { read } from '../room/http'
import type { Card } from './types'

const base = '/api/firestations/stations'

export interface Station {
  id: string
  label: string
  area: string
  area_name?: string
  lon?: number | null
  lat?: number | null
}

export interface Listed extends Station {
  run?: string
  today?: { expected: number; low80: number; high80: number } | null
  yesterday?: { expected: number; observed: number | null } | null
}

/** One step of a forecast: an hour or a day. */
export interface Step {
  from: string
  to: string
  expected: number
  median: number
  low50?: number
  high50?: number
  low80: number
  high80: number
  low95: number
  high95: number
}

export interface Observed {
  from: string
  to: string
  count: number | null // null: not known
}

export interface Page {
  station: Station
  run: string
  until: string
  next48h: Step[] | null
  next14d: Step[] | null
  yesterday?: { forecast: Step[] | null; observed: Observed[] | null; day?: Step | null } | null
  kinds: { kind: string; today?: Step | null; week?: Step | null }[] | null
  card: Card
}

export interface Crews {
  service: number
  kind?: string
  crews: { from: string; to: string; crews: number }[] | null
  cost: { crew_hours: number }
  missed: { hours: number; share: number; calls: number }
  year: { from: string; to: string }
  baseline?: { crews: number; crew_hours: number; missed: { hours: number; share: number; calls: number } } | null
}

/** Ids are `source/ref`: the slash stays. */
const path = (id: string, rest = '') => `${base}/${id.split('/').map(encodeURIComponent).join('/')}${rest}`

export const stations = {
  list: (area: string[], signal?: AbortSignal) =>
    read<{ stations: Listed[] | null; run?: string; until?: string }>(base, { area }, signal),
  page: (id: string, kind: string | undefined, signal?: AbortSignal) => read<Page>(path(id), { kind }, signal),
  crews: (id: string, service: number, signal?: AbortSignal) => read<Crews>(path(id, '/crews'), { service }, signal),
}
