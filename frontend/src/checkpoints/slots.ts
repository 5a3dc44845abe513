// Slots of a plan and the way from one post to the figures beside it. Local times are those of the territory, whatever
// the zone of the browser.
import { zone } from '../lib/day'
import type { Messages } from '../i18n/fr'
import type { Plan, Post } from './types'

export interface Slot {
  start: string // as the plan writes it
  at: number // ms since 1970
  posts: Post[]
}

/** The slots that have posts, by time. */
export function slotsOf(plan: Plan | undefined): Slot[] {
  const slots = new Map<number, Slot>()
  for (const post of plan?.posts ?? []) {
    const at = Date.parse(post.slot)
    const slot = slots.get(at) ?? { start: post.slot, at, posts: [] }
    slot.posts.push(post)
    slots.set(at, slot)
  }
  return [...slots.values()].sort((a, b) => a.at - b.at)
}

/** The slot of the address, or the first. */
export function slotAt(slots: Slot[], wanted: string | undefined): Slot | undefined {
  const at = Date.parse(wanted ?? '')
  return slots.find((slot) => slot.at === at) ?? slots[0]
}

const parts = new Intl.DateTimeFormat('en-GB', {
  timeZone: zone,
  hourCycle: 'h23',
  weekday: 'short',
  hour: '2-digit',
})
const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** The local hour of the week, 0 is Monday 00 h. */
export function hourOfWeek(at: number): number {
  const part = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, value]))
  return weekdays.indexOf(part.weekday) * 24 + Number(part.hour)
}

/** `ven. 4 déc.` */
export const slotDay = (t: Messages, at: number) =>
  new Intl.DateTimeFormat(t.locale, { timeZone: zone, weekday: 'short', day: 'numeric', month: 'short' }).format(at)

/** `20:00` */
export const time = (t: Messages, at: string | number) =>
  new Intl.DateTimeFormat(t.locale, { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(
    new Date(at),
  )

/** `20 h–22 h` of the slot's two hours. */
export function slotHours(t: Messages, at: number): string {
  const hour = (ms: number) =>
    Number(
      new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', hourCycle: 'h23' })
        .formatToParts(ms)
        .find(({ type }) => type === 'hour')?.value,
    )
  const two = (n: number) => String(n).padStart(2, '0')
  const end = hour(at + 7_200_000)
  return t.code === 'fr' ? `${hour(at)} h–${end} h` : `${two(hour(at))}:00–${two(end)}:00`
}

/** Three figures, as people write them: the values of a plan span several orders of magnitude. */
export const figure = (t: Messages, value: number) =>
  new Intl.NumberFormat(t.locale, { maximumSignificantDigits: 3 }).format(value)

/** A share with two figures after the point where they tell something. */
export const share = (t: Messages, value: number, digits = 1) =>
  new Intl.NumberFormat(t.locale, { style: 'percent', maximumFractionDigits: digits }).format(value)

/** How many equally likely places are as hard to guess as so many bits. */
export const places = (bits: number) => Math.max(1, Math.round(2 ** bits))

/** A change of a share in points, signed: `−1,2`. What rounds to nothing is 0. */
export const points = (t: Messages, share: number) =>
  new Intl.NumberFormat(t.locale, { maximumFractionDigits: 1, signDisplay: 'exceptZero' }).format(share * 100)

/** What a post would do to the plan's share of the optimum where it adds so much instead. */
export const swing = (optimum: number, adds: number, now: number) => (optimum > 0 ? (adds - now) / optimum : 0)

/** The polygon of a circle of so many metres, for what is drawn around a post. */
export function ring([lon, lat]: [number, number], metres: number): [number, number][] {
  const dy = metres / 111_195
  const dx = dy / Math.cos((lat * Math.PI) / 180)
  return Array.from({ length: 65 }, (_, i) => {
    const angle = (i / 64) * 2 * Math.PI
    return [lon + dx * Math.cos(angle), lat + dy * Math.sin(angle)]
  })
}
