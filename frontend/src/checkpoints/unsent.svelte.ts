// Reports that have not reached the server: kept in memory while the page is open, and sent when the network is back.
import type { Report } from './types'

export interface Waiting {
  plan: string
  post: string
  report: Report
}

export class Unsent {
  /** By plan and post. */
  private kept = $state<Record<string, Waiting>>({})
  list = $derived(Object.values(this.kept))
  waiting = $derived(this.list.length)

  of(plan: string, post: string): Report | undefined {
    return this.kept[key(plan, post)]?.report
  }

  keep(plan: string, post: string, report: Report) {
    this.kept[key(plan, post)] = { plan, post, report }
  }

  sent(plan: string, post: string) {
    delete this.kept[key(plan, post)]
  }
}

const all = new WeakMap<object, Unsent>()

/** What waits in this page, also when the session has ended and somebody logs in again. */
export function unsentOf(app: object): Unsent {
  const known = all.get(app) ?? new Unsent()
  all.set(app, known)
  return known
}

const key = (plan: string, post: string) => `${plan} ${post}`
