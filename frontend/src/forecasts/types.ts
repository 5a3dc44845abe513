// The JSON of the forecasts: what geoengine/forecast and module/forecasting write.
import type { Lang } from '../lib/url'

export type Text = Record<Lang, string>
export type PlaceKind = 'cell' | 'lixel' | 'unit' | 'area'

export interface Row {
  metric: string
  at: string
  model: number
  baseline: number
  name: string
  low: number
  high: number
  p: number // -1: not tested
  origins: number
}

export interface Bin {
  forecast: number
  observed: number
  n: number
}

export interface Equity {
  area: string
  name: string
  flagged: number
  events: number
  surface: number
  ratio: number // 0: no event
  low?: number
  high?: number // -1: no limit
  alarm?: string
}

export interface Card {
  title: Text
  unit: Text
  usable: boolean
  verdict: Text
  to_beat: Text
  chosen: Text[] | null
  backtest: Row[] | null
  reliability: Bin[] | null
  band: { ratio_low: number; ratio_high: number; cover80_low: number; cover95_low: number }
  /** Not told to whom some of the areas are closed. */
  inputs?: {
    categories: string[] | null
    events: number
    places: number
    first: string
    last: string
    optional?: Text[] | null
  } | null
  refused?: { n: number; reason: Text }[] | null
  limits: Text[] | null
  equity?: Equity[] | null
}

export interface Score {
  at: string
  from: string
  to: string
  kind?: string
  observed: number
  expected: number
  cover80: number
  cover95: number
  hits: number
  baseline_hits: number
  pinball: number
  values: number
  in_band: boolean
}

/** What a run is, in a list. */
export interface Listed {
  run: string
  areas: string[] | null
  until: string
  horizon: string
  from: string
  to: string
  usable: boolean
  verdict: Text
  made?: string
}

/** One forecast that the house makes. */
export interface Offer {
  name: string
  title: Text
  unit: Text
  place: PlaceKind
  horizons: string[] | null
  options?: { name: string; title: Text; values: string[] | null }[] | null
  every?: string
  /** Made of events that the account may not read one by one: no runs are shown. */
  closed?: boolean
  latest: Listed[] | null
  alert?: Alert | null
}

/** The calibration of a forecast has left its band. */
export interface Alert {
  forecast: string
  run: string // the last one that was scored
  areas: string[] | null
  horizon: string
  at: string
  text: Text
  drift: {
    runs: number
    from: string
    to: string
    observed: number
    expected: number
    cover80: number
    cover95: number
  }
}

export interface Run {
  run: string
  name: string
  place: PlaceKind
  areas: string[] | null
  area_names?: Record<string, string> | null
  /** The account sees a part of the run's areas: what is counted over all of them is left out. */
  partial?: boolean
  until: string
  horizon: string
  seed: number
  options?: Record<string, string> | null
  from: string
  to: string
  created: string
  author?: string
  model: string
  version: string
  input_hash?: string
  hash?: string
  card: Card
  scores?: Score[] | null
  alert?: Alert | null
  profiles?: number[][] | null
  kinds?: string[] | null
  /** Of the values: the longest first. */
  periods?: { step: string; from: string; to: string }[] | null
  /** Where the periods of the longest step begin. */
  steps?: string[] | null
  decisions?: Decision[] | null
  bounds?: [number, number, number, number] | null
  places?: number
}

export interface Value {
  id?: string // of the place: a cell as hexadecimal text
  cell?: string | number
  place?: string
  label?: string
  area: string
  kind?: string
  from: string
  to: string
  expected: number
  median: number
  low80: number
  high80: number
  low95: number
  high95: number
  last_year: number // -1: not known
  count: number
  rank?: number
  profile: number
  width: number // class of the interval, 0 to 3: tiles.UncertaintyClass
  lon?: number
  lat?: number
}

export type Choice = 'followed' | 'partly' | 'not_followed'

export interface Decision {
  at: string
  person: string
  decision: Choice
  note: string
  places?: string[] | null
}

export interface JobAnswer {
  run: string
}
