// Values and periods of forecasts as people read them.
import type { Messages } from '../i18n/fr'
import { addDays, dayOf } from '../lib/day'
import * as format from '../lib/format'
import { frequencyOf } from './frequency'
import type { Run, Value } from './types'
import type { ForecastWords } from './words'

const day = 86_400_000

/** A mean or a limit of an interval: two digits that count, at most six decimals. */
export function figure(t: Messages, value: number): string {
  const size = Math.abs(value)
  if (size === 0 || size >= 10) return format.number(t, value, size >= 100 ? 0 : 1)
  if (size < 1e-6) return '< ' + format.number(t, 1e-6, 6)
  return format.number(t, value, Math.min(6, 1 - Math.floor(Math.log10(size))))
}

/** `P14D` in words. */
export function horizonText(w: ForecastWords, horizon: string): string {
  const match = /^P(\d+)([DWMY])$/.exec(horizon)
  return match ? w.head.horizons(Number(match[1]), match[2]) : horizon
}

/** First and last day of a period whose end is exclusive. */
export function daysOf(from: string, to: string): [string, string] {
  return [dayOf(Date.parse(from)), dayOf(Math.max(Date.parse(from), Date.parse(to) - 1))]
}

export function periodText(t: Messages, w: ForecastWords, from: string, to: string): string {
  const [first, last] = daysOf(from, to)
  return first === last ? w.head.day(format.day(t, first)) : w.head.period(format.day(t, first), format.day(t, last))
}

/** The same period a year before, in days. Of stations it is 364 days before: the same days of the week. */
export function yearBefore(name: string, from: string, to: string): [string, string] {
  const [first, last] = daysOf(from, to)
  if (name === 'firestations') return [addDays(first, -364), addDays(last, -364)]
  const back = (date: string) => {
    const before = `${Number(date.slice(0, 4)) - 1}${date.slice(4)}`
    return before.endsWith('02-29') ? before.slice(0, 8) + '28' : before
  }
  return [back(first), back(last)]
}

/** How the period stands to a moment. */
export function freshness(w: ForecastWords, from: string, to: string, now: number): { text: string; over: boolean } {
  if (now >= Date.parse(to)) return { text: w.head.over, over: true }
  const days = Math.floor((now - Date.parse(from)) / day)
  return { text: days < 0 ? w.head.ahead(-days) : w.head.fresh(days), over: false }
}

/** Whether values count events; where they weigh them, no frequency can be told. */
export const counts = (run: Pick<Run, 'options'>) => run.options?.measure !== 'severity'

/** “3 nights out of 10”: how often a place will see at least one event, as expected. Empty where values are no counts. */
export function frequencyText(
  t: Messages,
  w: ForecastWords,
  run: Pick<Run, 'name' | 'options'>,
  { expected, from, to }: Value,
): string {
  const found = counts(run) ? frequencyOf(expected, (Date.parse(to) - Date.parse(from)) / day) : undefined
  if (!found) return ''
  if (found.how === 'rare') return w.frequency.rare
  if (found.how === 'rate') return w.frequency.rate(format.number(t, found.times), found.unit)
  return w.frequency.share(found.times, found.unit, run.name === 'cartheft')
}

/** Which place a value is of, as the address and the tiles name it. */
export const idOf = ({ id, place, cell }: Pick<Value, 'id' | 'cell' | 'place'>): string =>
  id || place || String(cell ?? '')

/** What people call the place of a value. */
export function placeName(w: ForecastWords, run: Run, value: Value, area: string | undefined): string {
  if (value.label) return value.label
  const short = run.place === 'cell' ? idOf(value).replace(/f+$/, '').slice(-5) : idOf(value)
  return `${w.place[run.place]} ${short}${area ? ' ' + w.place.in(area) : ''}`
}

/** The hour of the week of an hour parameter; undefined for what is none. */
export function hourOf(text: string | undefined): number | undefined {
  const hour = Number(text)
  return text && Number.isInteger(hour) && hour >= 0 && hour < 168 ? hour : undefined
}

export const hourText = (w: ForecastWords, hour: number) => w.slot(w.days[Math.floor(hour / 24)], hour % 24)

/** The hours of a week in which a profile is highest. */
export const busiest = (profile: readonly number[], n: number): number[] =>
  [...profile.keys()].sort((a, b) => profile[b] - profile[a] || a - b).slice(0, n)
