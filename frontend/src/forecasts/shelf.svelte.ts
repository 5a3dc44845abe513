// What the room has at hand: the forecasts that are offered, the run that is open, and its best places.
import type { App } from '../lib/app.svelte'
import { Refusal } from '../room/http'
import { client, type ValueQuery } from './client'
import type { Listed, Offer, Run, Value } from './types'

/** So many places come with a run: for the table, and for the limits of the colours. */
const page = 200

/** More than any run has: asked for by rank, the best places come first. */
const everyRank = 1_000_000

/** A kind of operation and the beginning of a period; undefined is all together, and the first. */
export interface Slice {
  kind?: string
  at?: string
}

/** Places of a whole run are ranked by what is expected for their surface. Stations are not, nor a part of a run. */
export const ranked = (run: Run) => !run.partial && (run.place === 'cell' || run.place === 'lixel')

/** All kinds together, where the run says so; else the first kind. */
export const kindOf = (run: Run, kind: string | undefined) =>
  kind ?? ((run.kinds ?? []).includes('') ? '' : (run.kinds ?? [])[0])

/** The values of a slice: one for each place. */
export function queryOf(run: Run, { kind, at }: Slice): ValueQuery {
  const first = run.periods?.[0]
  const from = at ?? first?.from
  return {
    kind: kindOf(run, kind),
    step: first?.step,
    ...(from && { from, to: new Date(Date.parse(from) + 1000).toISOString() }),
    ...(ranked(run) ? { rank: everyRank, limit: page } : { limit: 5 * page }),
  }
}

export class Shelf {
  offers = $state.raw<Offer[]>()
  run = $state.raw<Run>()
  values = $state.raw<Value[]>()
  next = $state<string>()
  /** The values are closed to this account: they would tell protected counts. */
  closed = $state(false)
  problem = $state.raw<unknown>()
  busy = $state(false)

  constructor(private readonly app: App) {}

  async load(signal?: AbortSignal) {
    await this.try(async () => {
      this.offers = await client.offers(signal)
    }, signal)
  }

  async open(id: string, signal: AbortSignal) {
    if (this.run?.run === id) return
    this.run = undefined
    this.values = undefined
    this.closed = false
    await this.try(async () => {
      this.run = await client.run(id, signal).catch((error) => this.close(error))
    }, signal)
  }

  /** Asks for the best places of a kind and a step; with `more` for the next page of them. */
  async rank(run: Run, slice: Slice, signal?: AbortSignal, more = false) {
    const cursor = more ? this.next : undefined
    if (!more) this.values = undefined
    await this.try(async () => {
      const query = { ...queryOf(run, slice), cursor }
      const answer = await client.values(run.run, query, signal).catch((error) => this.close(error))
      if (!answer) return
      const all = [...(more ? (this.values ?? []) : []), ...(answer.values ?? [])]
      this.values = ranked(run) ? all : all.sort((a, b) => b.expected - a.expected)
      this.next = answer.next ?? undefined
    }, signal)
  }

  /** A refusal for what the events would give away is no failure: it is said as it is. */
  private close(error: unknown): undefined {
    if (!(error instanceof Refusal) || error.status !== 403) throw error
    this.closed = true
    return undefined
  }

  private async try(act: () => Promise<void>, signal?: AbortSignal) {
    this.busy = true
    this.problem = undefined
    try {
      await act()
    } catch (error) {
      if (!signal?.aborted) this.problem = this.app.failed(error)
    } finally {
      if (!signal?.aborted) this.busy = false
    }
  }
}

/** The newest run of a forecast for a territory and a length, or the newest there is. */
export function newest(
  offer: Offer | undefined,
  area: string | undefined,
  horizon: string | undefined,
): Listed | undefined {
  const all = offer?.latest ?? []
  const fits = all.filter((run) => (!area || keyOf(run.areas) === area) && (!horizon || run.horizon === horizon))
  return [...(fits.length > 0 ? fits : all)].sort((a, b) => Date.parse(b.until) - Date.parse(a.until))[0]
}

/** A territory as one word of the address. */
export const keyOf = (areas: readonly string[] | null | undefined) => (areas ?? []).join(' ') || '*'
