import { PNG } from 'pngjs'
import { resolutionForZoom } from '../../src/map/cell'
import { equal, soon, truthy } from '../expect'
import { tablet, type Case } from '../harness'
import { digits, type Person } from '../person'

/** The count that the map shows for the hexagon under the mouse. */
async function pointAt(person: Person, at: { x: number; y: number }): Promise<number> {
  await person.page.mouse.move(at.x - 3, at.y)
  await person.page.mouse.move(at.x, at.y)
  return digits(await person.page.locator('.tip').innerText())
}

export const map: Case[] = [
  {
    name: 'map: five seconds: how many, what, where, when, as of when',
    run: async (person) => {
      await person.open()
      const total = await person.total()
      equal(total, (await person.summary()).total, 'the total')
      const text = await person.page.locator('.headline').innerText()
      for (const part of ['événements', 'du ', 'Tout le territoire', 'Données au']) {
        truthy(text.includes(part), `“${part}” in ${text}`)
      }
      if ((await person.meta()).synthetic) truthy(text.includes('Données fictives'), 'the mark of made-up data')
      const legend = await person.page.locator('.legend').innerText()
      truthy(/Événements par hexagone/.test(legend) && /du .* au/.test(legend), `unit and period in ${legend}`)
    },
  },
  {
    name: 'map: hexagons follow the zoom and hold the counts of the API',
    run: async (person) => {
      await person.open()
      await person.settled()
      const seen = new Set<number>()
      for (let step = 0; step < 4; step++) {
        const res = resolutionForZoom(person.camera().zoom)
        seen.add(res)
        const cell = await person.fullest()
        equal(await pointAt(person, cell), cell.count, `hexagon ${cell.h3} at zoom ${person.camera().zoom}`)
        const before = person.camera().zoom
        await person.page.mouse.dblclick(cell.x, cell.y)
        await soon(
          () => person.camera().zoom,
          (zoom) => zoom > before + 0.5,
          'zoom after a double click',
        )
        await person.page.keyboard.press('Escape')
        await person.settled()
      }
      truthy(seen.size >= 3, `resolutions seen: ${[...seen]}`)
    },
  },
  {
    name: 'map: units on request, single events once one can tell them apart, and both stay in the address',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      const { lon, lat } = person.camera()
      const tile = (layer: string) => page.waitForResponse((answer) => answer.url().includes(`/tiles/${layer}/`))
      const units = tile('units')
      await page.getByLabel('Unités et radars').check()
      equal((await units).status(), 200, 'the tile of units')
      equal(person.query().get('units'), '1', 'units in the address')
      const events = tile('events')
      await person.open(`?v=1&z=14&c=${lon},${lat}&cat=road.accident&units=1`)
      const answer = await events
      equal(answer.status(), 200, 'the tile of events')
      truthy(answer.url().includes('category=road.accident'), `the filter in ${answer.url()}`)
      equal(await page.getByLabel('Unités et radars').isChecked(), true, 'the box after a reload')
    },
  },
  {
    name: 'map: the legend does not rescale under filters',
    run: async (person) => {
      await person.open()
      await person.settled()
      const limits = () => person.page.locator('.legend li').allInnerTexts()
      const before = await limits()
      await person.button('7 jours').click()
      await person.settled()
      equal(await limits(), before, 'limits of the legend')
    },
  },
  {
    name: 'map: keyboard moves and zooms',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      await page.locator('.maplibregl-canvas').focus()
      const before = person.camera()
      await page.keyboard.press('Equal')
      await soon(
        () => person.camera().zoom,
        (zoom) => zoom > before.zoom + 0.5,
        'zoom after +',
      )
      await page.keyboard.press('ArrowRight')
      await soon(
        () => person.camera().lon,
        (lon) => lon > before.lon,
        'longitude after →',
      )
      await page.getByRole('button', { name: 'Tout le territoire', exact: true }).click()
      await soon(
        () => person.camera().zoom,
        (zoom) => Math.abs(zoom - before.zoom) < 0.2,
        'zoom of the whole',
      )
    },
  },
  {
    name: 'map: a lost graphics context comes back with its hexagons',
    expected: /CONTEXT_LOST|context/i,
    run: async (person) => {
      await person.open()
      await person.settled()
      const cell = await person.fullest()
      await person.page.evaluate(async () => {
        const canvas = document.querySelector<HTMLCanvasElement>('.maplibregl-canvas')
        const lose = canvas?.getContext('webgl2')?.getExtension('WEBGL_lose_context')
        const restored = new Promise((done) => canvas?.addEventListener('webglcontextrestored', done, { once: true }))
        lose?.loseContext()
        await new Promise((later) => setTimeout(later, 200))
        lose?.restoreContext()
        await restored
      })
      await person.page.waitForTimeout(800)
      equal(await pointAt(person, cell), cell.count, 'count under the mouse')
      await person.page.mouse.move(5, 5)
      const shot = await person.page.screenshot({ clip: { x: cell.x - 2, y: cell.y - 2, width: 4, height: 4 } })
      const [red, green, blue] = PNG.sync.read(shot).data
      const tint = Math.max(red, green, blue) - Math.min(red, green, blue)
      truthy(tint > 25, `a coloured hexagon: ${[red, green, blue]}`)
    },
  },
  {
    name: 'map: on a tablet the filters are a drawer and targets are 44 px',
    context: tablet,
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      equal(await page.locator('.side').isVisible(), false, 'the drawer before')
      await person.button('Filtres').click()
      await page.getByRole('heading', { name: 'Filtres' }).waitFor()
      const small = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('button, input:not([type=checkbox]), label:has(input), summary')]
          .filter((element) => element.checkVisibility({ visibilityProperty: true }))
          .filter((element) => !element.matches('.link, label:has(input[type=date])'))
          .map((element) => ({ text: element.textContent?.trim().slice(0, 30), height: element.offsetHeight }))
          .filter(({ height }) => height > 0 && height < 44),
      )
      equal(small, [], 'targets below 44 px')
      await person.button('Fermer').click()
      const map = await person.box(page.locator('.canvas'))
      truthy(map.height >= 340, `room for the map: ${map.height} px`)
      await person.button('Heures et jours').click()
      await page.getByRole('grid').waitFor()
      // The cells of the grid are for the eye: days and hours are chosen by buttons as large as a finger.
      for (const name of ['vendredi', 'samedi', '22 h', '23 h']) {
        const button = page.getByRole('button', { name, exact: true })
        truthy((await person.box(button)).height >= 44 && (await person.box(button)).width >= 44, `the button ${name}`)
        await button.click()
      }
      await soon(
        () => person.query().get('hours'),
        (hours) => hours === '118-119,142-143',
        'Friday and Saturday, 22 h to 24 h',
      )
      const want = await person.summary({ hours: '118-119,142-143' })
      await soon(
        () => person.total(),
        (total) => total === want.total,
        `the total, ${want.total}`,
      )
    },
  },
]
