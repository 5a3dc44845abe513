// What an analyst sees of families whose small counts are hidden: never an exact small number, never a bare 0.
import type { CellRow, Hidden, Protected, Summary } from '../../src/lib/api'
import { equal, soon, truthy } from '../expect'
import type { Case } from '../harness'
import type { Person } from '../person'

interface Cells {
  cells: (CellRow & { hidden?: Hidden })[]
  protected?: Protected
}

/** A hidden hexagon of the present resolution that is within the map and not under its furniture. */
async function hiddenCell(person: Person, how: Hidden, params: Record<string, string>) {
  const box = await person.box(person.page.locator('.canvas'))
  const { lon, lat } = person.camera()
  const bbox = `${lon - 0.3},${lat - 0.15},${lon + 0.3},${lat + 0.15}`
  const { cells } = await person.api<Cells>('/api/cells', { res: 7, limit: 500, bbox, ...params })
  for (const cell of cells) {
    if (cell.hidden !== how || cell.count) continue
    const at = await person.screen(cell.lon, cell.lat)
    const free =
      at.x > box.x + 260 && at.x < box.x + box.width - 120 && at.y > box.y + 70 && at.y < box.y + box.height - 60
    if (free) return { ...cell, ...at }
  }
  throw new Error(`no hexagon ${how} within the map`)
}

async function tip(person: Person, at: { x: number; y: number }): Promise<string> {
  await person.page.mouse.move(at.x - 3, at.y)
  await person.page.mouse.move(at.x, at.y)
  return (await person.page.locator('.tip').innerText()).trim()
}

const thefts = { category: 'vehicle.theft' }
const view = '?v=1&z=9.3&c=-6.40000,46.49000&cat=vehicle.theft'

export const guard: Case[] = [
  {
    name: 'small counts: an analyst reads them hidden on the map, in the tooltip, the legend and the profile',
    as: 'analyst',
    run: async (person) => {
      const { page } = person
      await person.open(view)
      await person.settled()
      const cell = await hiddenCell(person, 'below', thefts)
      const k = cell.k ?? 0
      truthy(k >= 3, `k ${k}`)
      equal(await tip(person, cell), `<${k} vols`, 'the tooltip')
      const legend = await page.locator('.legend').innerText()
      for (const part of [`<${k}`, 'masqué', 'pour que personne ne soit reconnu']) {
        truthy(legend.includes(part), `“${part}” in ${legend}`)
      }
      truthy(/≥ .* dans la vue/.test(legend), `a lower bound in ${legend}`)
      await page.mouse.click(cell.x, cell.y)
      const total = page.locator('[data-test=profile-total]')
      await total.waitFor()
      truthy((await total.innerText()).includes(`<${k}`), `the total of the profile: ${await total.innerText()}`)
      const profile = await page.locator('.profile').innerText()
      truthy(!/Aucun événement/.test(profile), `no “none” for what is hidden: ${profile}`)
    },
  },
  {
    name: 'small counts: the table says “<5” and “masqué”, never 0, and sorts them last',
    as: 'analyst',
    run: async (person) => {
      const { page } = person
      await person.open(view + '&view=cells')
      await page.locator('.table tbody tr').first().waitFor()
      const counts = () => page.locator('.table tbody td.count:nth-child(2)').allInnerTexts()
      const texts = await soon(counts, (list) => list.some((text) => text.includes('<5')), 'hidden rows')
      truthy(
        texts.every((text) => /^(\d[\d\s  ]*|<\d+|masqué|≥ .*)$/.test(text.trim()) && text.trim() !== '0'),
        `what the rows say: ${[...new Set(texts)].slice(0, 30)}`,
      )
      const firstHidden = texts.findIndex((text) => /^(<|masqué)/.test(text))
      truthy(
        texts.slice(firstHidden).every((text) => /^(<|masqué)/.test(text)),
        'rows of which nothing is told after the others',
      )
      const hidden = await page.locator('.table .controls').innerText()
      truthy(/nombres? masqués?/.test(hidden), `how many are hidden: ${hidden}`)
      // On paper the same words, without the controls.
      await page.emulateMedia({ media: 'print' })
      equal(await page.locator('.dock').isVisible(), false, 'the lower panel on paper')
      equal(await counts(), texts, 'the rows on paper')
      equal(await page.locator('.guard').isVisible(), true, 'the note on paper')
    },
  },
  {
    name: 'small counts: the headline names the families and the years, and says which filter leaves them out',
    as: 'analyst',
    run: async (person) => {
      const { page } = person
      await person.open('?v=1&cat=vehicle.theft')
      await person.settled()
      const whole = await person.summary(thefts)
      const guard = whole.protected as Protected
      const years = [guard.from, guard.to].map((time) =>
        new Date(Date.parse(String(time)) + 7_200_000).getUTCFullYear(),
      )
      const note = page.locator('.guard')
      await soon(
        () => note.innerText(),
        (text) =>
          text.includes(`Vol de véhicule : comptage par années entières seulement (${years[0]} à ${years[1] - 1})`),
        'the note',
      )
      // A whole year is answered; a month and an hour are not, and the page says so instead of showing 0.
      await person.button(String(years[0])).click()
      await person.settled()
      const year = await person.summary({
        ...thefts,
        from: String(guard.from),
        to: `${years[0]}-12-31T23:00:00Z`,
      })
      equal(await person.total(), year.total, 'the total of one year')
      await person.button('30 jours').click()
      await soon(
        () => note.innerText(),
        (text) => text.includes('aucun chiffre ici, comptage par années entières seulement'),
        'the note for 30 days',
      )
      await person.open('?v=1&cat=vehicle.theft&hours=8-9')
      await soon(
        () => note.innerText(),
        (text) => text.includes('ne se filtre pas par heures'),
        'the note for hours',
      )
      // What is left out is not zero, wherever one looks.
      await person.settled()
      equal(await page.locator('[data-test=total]').innerText(), 'vols : non communiqué', 'the headline')
      truthy(!/\b0\b/.test(await page.locator('.legend .view').innerText()), 'the legend')
      truthy(!(await page.locator('.notes').innerText()).includes('Aucun événement'), 'the note on the map')
      await person.button('Tableau').click()
      await page.locator('.table caption').waitFor()
      truthy((await page.locator('.table').innerText()).includes('ne se filtre pas par heures'), 'the table')
    },
  },
  {
    name: 'small counts: hexagons too small and tables that have no such counts say so',
    as: 'analyst',
    run: async (person) => {
      const { page } = person
      await person.open('?v=1&z=13.2&c=-6.40000,46.49000&cat=vehicle.theft')
      await person.settled()
      await soon(
        () => page.locator('.legend').innerText(),
        (text) => text.includes('hexagones aussi petits, dézoomez'),
        'the legend',
      )
      await person.open('?v=1&view=areas&cat=vehicle.theft')
      await page.locator('.table caption').waitFor()
      await soon(
        () => page.locator('.table').innerText(),
        (text) => /ne se filtre pas par niveau de secteur/.test(text) || /[≥<]/.test(text),
        'the table of communes',
      )
    },
  },
  {
    name: 'small counts: a link to the journal from somebody who may read it opens the map',
    as: 'analyst',
    run: async (person) => {
      await person.open('?v=1&view=journal&j.account=durand')
      await person.settled()
      equal(await person.page.locator('.map').isVisible(), true, 'the map')
      equal(await person.button('Journal').count(), 0, 'the switch to the journal')
    },
  },
  {
    name: 'small counts: a commander sees none of this',
    run: async (person) => {
      await person.open(view)
      await person.settled()
      equal(await person.page.locator('.guard').count(), 0, 'notes')
      truthy(!(await person.page.locator('.legend').innerText()).includes('masqué'), 'the legend')
      const { total } = await person.api<Summary>('/api/summary', thefts)
      equal(await person.total(), total, 'the total')
    },
  },
]
