// A rate in plain words: “3 nights out of 10”. The chance of at least one event in a unit of time is 1 − e^(−rate), for
// events that come by themselves; the unit is the shortest in which it is not next to nothing.

export type Unit = 'hour' | 'day' | 'week' | 'month' | 'year'

/** How often: so many units out of ten with at least one event, or so many events a unit. */
export type Frequency =
  { how: 'share'; times: number; unit: Unit } | { how: 'rate'; times: number; unit: Unit } | { how: 'rare' } // less than one year out of ten

const days: [Unit, number][] = [
  ['day', 1],
  ['week', 7],
  ['month', 365.25 / 12],
  ['year', 365.25],
]

/** How often events come that are expected so many times in so many days. Undefined for what is no number. */
export function frequencyOf(expected: number, period: number): Frequency | undefined {
  if (!(expected >= 0) || !(period > 0) || !Number.isFinite(expected)) return undefined
  const rate = expected / period
  if (rate >= 1.5) return { how: 'rate', times: Math.round(rate), unit: 'day' }
  for (const [unit, length] of days) {
    const times = Math.round(10 * (1 - Math.exp(-rate * length)))
    if (times > 0) return { how: 'share', times, unit }
  }
  return { how: 'rare' }
}
