// A person at the screen: finds things by what they say, moves the mouse, and reads.
import type { APIResponse, Locator, Page } from 'playwright-core'
import type { CellRow, Meta, Summary } from '../src/lib/api'
import { resolutionForZoom } from '../src/map/cell'

export class Person {
  constructor(
    readonly page: Page,
    readonly url: string,
  ) {}

  button = (name: string | RegExp): Locator => this.page.getByRole('button', { name })

  async open(query = '') {
    await this.page.goto(`${this.url}/${query}`)
  }

  async logIn(user: string, password: string) {
    await this.page.locator('#name').fill(user)
    await this.page.locator('#password').fill(password)
    await this.page.locator('button[type=submit]').click()
    await this.page.locator('.headline').waitFor()
  }

  /** Waits until the map shows the tiles of its view and the figures have come. */
  async settled() {
    await this.page.locator('.map[data-ready=true]').waitFor({ state: 'attached', timeout: 20_000 })
    await this.page.locator('[data-test=total]').waitFor()
    await this.page.waitForFunction(() => !document.querySelector('[data-busy=true]'))
    await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  }

  /** The big number. */
  async total(): Promise<number> {
    await this.settled()
    return digits(await this.page.locator('[data-test=total]').innerText())
  }

  query = () => new URL(this.page.url()).searchParams

  camera() {
    const query = this.query()
    const [lon, lat] = (query.get('c') ?? '').split(',').map(Number)
    return { zoom: Number(query.get('z')), lon, lat }
  }

  /** Where a place is on the screen, from the address alone. */
  async screen(lon: number, lat: number): Promise<{ x: number; y: number }> {
    const box = await this.page.locator('.canvas').boundingBox()
    if (!box) throw new Error('there is no map')
    const camera = this.camera()
    const size = 512 * 2 ** camera.zoom
    const y = (degrees: number) => Math.log(Math.tan(Math.PI / 4 + (degrees * Math.PI) / 360)) / (2 * Math.PI)
    return {
      x: box.x + box.width / 2 + ((lon - camera.lon) / 360) * size,
      y: box.y + box.height / 2 - (y(lat) - y(camera.lat)) * size,
    }
  }

  async api<T>(path: string, params: Record<string, string | number> = {}): Promise<T> {
    const query = new URLSearchParams(Object.entries(params).map(([key, value]) => [key, String(value)]))
    const answer: APIResponse = await this.page.request.get(`${this.url}${path}?${query}`)
    if (!answer.ok()) throw new Error(`${path}?${query}: ${answer.status()} ${await answer.text()}`)
    return (await answer.json()) as T
  }

  summary = (params: Record<string, string | number> = {}) => this.api<Summary>('/api/summary', params)
  meta = () => this.api<Meta>('/api/meta')

  /** The fullest hexagon that is well within the map and not under its furniture. */
  async fullest(params: Record<string, string | number> = {}): Promise<CellRow & { x: number; y: number }> {
    const box = await this.page.locator('.canvas').boundingBox()
    if (!box) throw new Error('there is no map')
    const res = resolutionForZoom(this.camera().zoom)
    const { cells } = await this.api<{ cells: CellRow[] }>('/api/cells', { res, limit: 500, ...params })
    for (const cell of cells) {
      const at = await this.screen(cell.lon, cell.lat)
      const free =
        at.x > box.x + 260 && at.x < box.x + box.width - 120 && at.y > box.y + 70 && at.y < box.y + box.height - 60
      if (free) return { ...cell, ...at }
    }
    throw new Error('no hexagon within the map')
  }

  async drag(from: { x: number; y: number }, to: { x: number; y: number }) {
    await this.page.mouse.move(from.x, from.y)
    await this.page.mouse.down()
    await this.page.mouse.move(to.x, to.y, { steps: 12 })
    await this.page.mouse.up()
  }

  async box(locator: Locator) {
    const box = await locator.boundingBox()
    if (!box) throw new Error('not on screen')
    return box
  }
}

/** The number in a text, whatever its separators. */
export function digits(text: string): number {
  return Number(text.replace(/[^\d]/g, ''))
}
