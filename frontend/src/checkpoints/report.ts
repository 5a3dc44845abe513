// The report of a post: an empty one, and the way between the hands of a clock and instants.
import { zone } from '../lib/day'
import type { Post, Report } from './types'

/** A report without counts, held as it was planned. */
export function blank(post: Post): Report {
  return {
    held: true,
    from: post.arrive,
    to: post.leave,
    checks: 0,
    positives: { alcohol: 0, drugs: 0 },
    offences: { speed: 0, phone: 0, belt: 0, heavy: 0, papers: 0, other: 0 },
    note: '',
  }
}

/** `21:05` of an instant, in the zone of the territory. */
export const clockOf = (instant: string) =>
  new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(
    new Date(instant),
  )

/**
 * The instant nearest to another at which the clock of the territory shows `21:05`: a post before midnight may be held
 * until after it. Undefined for what is no time of day.
 */
export function instantAt(near: string, clock: string): string | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(clock)
  if (!match) return undefined
  const [hour, minute] = clockOf(near).split(':').map(Number)
  const day = 24 * 60
  const ahead = (((Number(match[1]) * 60 + Number(match[2]) - hour * 60 - minute) % day) + day) % day
  const minutes = ahead > day / 2 ? ahead - day : ahead
  const base = Math.floor(Date.parse(near) / 60_000)
  return new Date((base + minutes) * 60_000).toISOString().replace('.000Z', 'Z')
}
