// The fire stations of a territory and what is forecast for them.
import { read } from '../room/http'

const base = '/api/firestations/stations'

export interface Station {
  id: string
  label: string
  area: string
  area_name?: string
  lon?: number | null
  lat?: number | null
}

/** One period of a forecast: bounds are whole calls. */
export interface Step {
  from: string
  to: string
  expected: number
  median: number
  low50: number
  high50: number
  low80: number
  high80: number
  low95: number
  high95: number
  last_year: number // -1: not known
  count: number
}

/** One period with what happened in it. */
export interface Past extends Step {
  observed: number
}

export interface Listed extends Station {
  today?: Step | null
  yesterday?: { expected: number; observed: number; low80?: number; high80?: number } | null
}

export interface StationRun {
  id: string
  until: string
  from: string
  to: string
  made: string
  usable: boolean
}

export interface Page {
  station: Station
  run: StationRun
  next48h: Step[] | null
  next14d: Step[] | null
  weeks: Step[] | null
  kinds: { kind: string; next14d: Step[] | null }[] | null
  /** Absent where no earlier run had forecast it, or nobody knows yet what happened. */
  yesterday?: {
    from: string
    to: string
    run: StationRun
    /** That run was made after the day had begun, from what was known before it. */
    retrospective: boolean
    day: Step
    observed: number
    hours: Past[] | null
  } | null
  years?: { year: number; operations: number }[] | null
}

interface Missed {
  calls: number
  hours: number
  share: number
  of: number
}

export interface Crews {
  service: number
  busy_hours: number
  changed: boolean
  crews: { from: string; to: string; crews: number; calls: number; calls_most: number; served: number }[] | null
  cost: { crew_hours: number; shifts: number }
  missed: Missed
  year: { from: string; to: string }
  /** The cheapest unchanging numbers by shift of the day, chosen afterwards. */
  baseline: { crews: number[] | null; cost: { crew_hours: number }; missed: Missed }
}

/** Ids are `source/ref`: the slash is escaped. */
const path = (id: string, rest = '') => `${base}/${encodeURIComponent(id)}${rest}`

export const stations = {
  list: (area: string | undefined, signal?: AbortSignal) =>
    read<{ stations: Listed[] | null; run?: StationRun | null }>(base, { area }, signal),
  page: (id: string, signal?: AbortSignal) => read<Page>(path(id), {}, signal),
  crews: (id: string, service: number, signal?: AbortSignal) => read<Crews>(path(id, '/crews'), { service }, signal),
}
