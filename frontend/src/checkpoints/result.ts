// The JSON of an evaluation, as the server's package evaluate writes it.

export interface Verdict {
  code: string // fewer, more, none_shown, not_enough_data; of warnings others
  fr: string
  en: string
}

export interface Estimate {
  value: number
  low: number
  high: number
}

export interface Power {
  effect: number
  at: number
  detectable: number
  needed: number
}

export interface Result {
  level: number
  plans: number
  verdict: Verdict
  before_after?: {
    places: number
    before: number
    after: number
    expected: number
    naive: number
    trend: number
    ratio: Estimate | null
    naive_ratio: number
    avoided: Estimate
    power: Power
    verdict: Verdict
  } | null
  randomised?: {
    trials: number
    draws: number
    cells: number
    certain: number
    reached: number
    inside: number
    outside: number
    weighted: number
    avoided: Estimate
    ratio: Estimate | null
    p: number
    fewer: number
    power: Power
    verdict: Verdict
  } | null
  warnings: Verdict[] | null
}
