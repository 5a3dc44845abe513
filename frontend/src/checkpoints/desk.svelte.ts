// One plan under the hands of a commander: what is stored, the changes that are not yet, and what they would cost.
import type { App } from '../lib/app.svelte'
import { Refusal } from '../room/http'
import { client, repropose } from './client'
import type { Change, Resource } from './types'

export class Desk {
  /** The last revision that the server told. */
  stored = $state.raw<Resource>()
  /** Changes that are shown and priced, but not kept. */
  pending = $state.raw<Change[]>([])
  private preview = $state.raw<Resource>()
  busy = $state(false)
  /** How far a new proposal is, from 0 to 1. */
  progress = $state<number>()
  problem = $state.raw<unknown>()
  /** Somebody else has changed the plan meanwhile. */
  stale = $state(false)

  shown = $derived(this.preview ?? this.stored)
  plan = $derived(this.shown?.plan)
  mayChange = $derived(this.may('change'))
  /** What the pending changes do to the share of the optimum; 0 without any. */
  effect = $derived(this.preview && this.stored ? this.preview.plan.price.share - this.stored.plan.price.share : 0)

  private turn = 0

  constructor(private readonly app: App) {}

  may(what: string): boolean {
    return this.stored?.may?.includes(what) ?? false
  }

  async open(id: string) {
    if (this.stored?.id === id) return
    this.stored = this.preview = undefined
    this.pending = []
    this.stale = false
    await this.run(async () => this.take(await client.plan(id)))
  }

  take(resource: Resource) {
    this.stored = resource
    this.preview = undefined
    this.pending = []
    this.stale = false
  }

  /** Shows changes and what they cost. What the server refuses is taken back. */
  async change(...changes: Change[]) {
    await this.show([...this.pending, ...changes])
  }

  /** Takes the last change back: one that is not kept, else the last revision. */
  async back() {
    if (this.pending.length > 0) return this.show(this.pending.slice(0, -1))
    const { stored } = this
    if (stored) await this.run(async () => this.take(await client.undo(stored.id, stored.revision)))
  }

  async drop() {
    this.turn++
    this.pending = []
    this.preview = undefined
    this.problem = undefined
  }

  async keep(note: string) {
    const { stored, pending } = this
    if (!stored || pending.length === 0) return
    const body = { base: stored.revision, changes: pending, ...(note && { note }) }
    await this.run(async () => this.take(await client.change(stored.id, body)))
  }

  async repropose() {
    const { stored } = this
    const { signal } = new AbortController()
    if (stored) {
      await this.run(async () =>
        this.take(await repropose(stored.id, stored.revision, (share) => (this.progress = share), signal)),
      )
    }
    this.progress = undefined
  }

  /** Loads what others made of the plan, and tries the pending changes on it. */
  async refresh() {
    const { stored, pending } = this
    if (!stored) return
    await this.run(async () => this.take(await client.plan(stored.id)))
    if (pending.length > 0 && this.mayChange) await this.show(pending)
  }

  private async show(changes: Change[]) {
    const { stored } = this
    if (!stored) return
    const turn = ++this.turn
    if (changes.length === 0) return this.drop()
    await this.run(async () => {
      const preview = await client.change(stored.id, { base: stored.revision, changes, preview: true })
      if (turn !== this.turn) return
      this.preview = preview
      this.pending = changes
    })
  }

  /** Runs what asks the server; a refusal is kept to be shown. */
  async run(act: () => Promise<void>): Promise<boolean> {
    this.busy = true
    this.problem = undefined
    try {
      await act()
      return true
    } catch (error) {
      if (error instanceof Refusal && error.status === 409) this.stale = true
      else this.problem = this.app.failed(error)
      return false
    } finally {
      this.busy = false
    }
  }
}
