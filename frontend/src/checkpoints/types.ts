// The JSON of the checkpoints: what the server's packages plan and evaluate write.

export type Position = [lon: number, lat: number]
export type SiteStatus = 'safe' | 'unsafe' | 'reconnoitre'
export type PlanState = 'draft' | 'approved' | 'refused' | 'executed' | 'evaluated'
export type Kind = 'any' | 'alcohol' | 'speed' | 'phone_belt' | 'heavy'
export type Basis = 'L234-9' | 'R233-1' | '78-2-2'

export interface Team {
  unit: string // "source/ref"
  teams: number
  slots: number // of two hours, in a shift
  earliest: number // local even hours: 18 and 28 is from 18 h to 4 h of the next day
  latest: number
  days?: number[] | null // 1 is Monday; none is every day
  break_minutes?: number | null
}

export interface Request {
  title: string
  areas: string[]
  kind: Kind
  from: string
  to: string
  since?: string
  until?: string
  teams: Team[]
  max_travel_minutes?: number
  separation_m?: number
  only_known_sites?: boolean
  share?: number
  seed?: string
  basis: Basis
  reference?: string
  forbidden?: string[] | null
  forced?: { unit: string; slot: string; site: string }[] | null
}

export interface Site {
  id: string
  name: string
  kind?: string
  position: Position
  area: string
  status: SiteStatus
  lit: 'yes' | 'no' | 'unknown' | ''
  note?: string
}

export interface Post {
  id: string
  unit: string
  team: number
  slot: string
  site: string
  arrive: string
  leave: string
  travel_seconds: number
  held_minutes: number
  expected: number
  adds: number
  origin: 'proposed' | 'forced' | 'moved' | 'added'
  locked: boolean
}

export interface Price {
  value: number
  optimum: number
  bound: number
  gap: number
  share: number
  cost: number
  avoided_low: number
  avoided_high: number
  certificate: string
  options: number
  millis: number
}

export interface Draw {
  seed: string
  expected: number
  bits: number
  top: number
  plans: number
  overridden: number
}

export interface Warning {
  code: string
  fr: string
  en: string
  posts?: string[] | null
}

export interface Plan {
  request: Request
  posts: Post[] | null
  sites: Site[] | null
  price: Price
  draw: Draw
  data: {
    accidents: number
    unplaced: number
    from: string
    to: string
    lixels: number
    roads: string
    model: string
    hash: string
  }
  warnings: Warning[] | null
}

export interface UnitName {
  name: string
  kind?: string
  position?: Position
}

/** A plan as it is kept: one of its revisions, and what the caller may do with it. */
export interface Resource {
  id: string
  revision: number
  state: PlanState
  title: string
  areas: string[]
  created: string
  author: string
  changed: string
  changed_by: string
  plan: Plan
  may: string[] | null
  units?: Record<string, UnitName> | null
  names?: Record<string, string> | null
  approval?: Approval | null
  refusal?: { reason: string; at?: string; by?: string } | null
}

export interface Approval {
  reference: string
  authority: string
  purpose?: string
  instructions?: string
  at?: string
  by?: string
}

export interface Listed {
  id: string
  revision: number
  state: PlanState
  title: string
  kind: Kind
  from: string
  to: string
  posts: number
  share: number
  author: string
  changed: string
}

export interface Revision {
  revision: number
  at: string
  author: string
  act: string
  note?: string
  posts: number
  share: number
}

export interface Named {
  id: string
  fr: string
  en: string
}

export interface Options {
  units:
    { id: string; name: string; kind: string; position: Position | null; area: string; on_network: boolean }[] | null
  kinds: Named[] | null
  bases: Named[] | null
  accidents: { count: number; from: string | null; to: string | null }
  roads: { sections: number; km: number; imported: string | null }
  defaults: Request
}

export interface Change {
  op: 'move' | 'lock' | 'unlock' | 'forbid' | 'allow' | 'remove' | 'add' | 'swap'
  post?: string
  site?: string
  at?: Position
  unit?: string
  slot?: string
}

export interface SiteFeature {
  geometry: { type: 'Point'; coordinates: Position }
  properties: {
    id: string
    name: string
    status: SiteStatus
    lit: string
    /** Not told of sites for a post that is not there yet. */
    value?: number
    adds?: number
    reachable?: boolean
  }
}

export interface RiskFeature {
  geometry: { type: string; coordinates: unknown }
  properties: { expected: number; low: number; high: number; rank: number; name: string; class: string }
}

export interface Features<F> {
  type: 'FeatureCollection'
  features: F[] | null
}

export interface Report {
  held: boolean
  from: string
  to: string
  checks: number
  positives: { alcohol: number; drugs: number }
  offences: { speed: number; phone: number; belt: number; heavy: number; papers: number; other: number }
  note: string
}

export interface Filed extends Report {
  post: string
  author?: string
  at?: string
}

export interface Place {
  id: string
  name: string
  kind: string
  status: SiteStatus
  lit: 'yes' | 'no' | 'unknown'
  note?: string
  position: Position
  area?: string
  author?: string
  at?: string | null
}
