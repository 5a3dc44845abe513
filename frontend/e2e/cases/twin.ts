import type { Area, Profile } from '../../src/lib/api'
import { equal, soon, truthy } from '../expect'
import type { Case } from '../harness'
import { digits } from '../person'

export const twin: Case[] = [
  {
    name: 'profile: a click on a hexagon opens it, with the counts of the API and its events',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      const cell = await person.fullest()
      await page.mouse.click(cell.x, cell.y)
      await page.locator('[data-test=profile-total]').waitFor()
      const want = await person.api<Profile>('/api/cells/' + cell.h3)
      equal(digits(await page.locator('[data-test=profile-total]').innerText()), want.total, 'the total')
      equal(want.total, cell.count, 'the API with itself')
      equal(person.query().get('cell'), cell.h3, 'the cell in the address')
      equal(await page.locator('#profile-title').evaluate((h) => h === document.activeElement), true, 'the focus')
      const hours = page.locator('.profile table').first().locator('td')
      equal((await hours.allInnerTexts()).map(Number), want.hours, 'by hour')
      const listed = () => page.locator('.profile li').count()
      await soon(listed, (n) => n === Math.min(20, want.total ?? 0), 'events')
      if ((want.total ?? 0) > 20) {
        await person.button('Afficher la suite').click()
        await soon(listed, (n) => n === Math.min(40, want.total ?? 0), 'more events')
      }
      await page.keyboard.press('Escape')
      await soon(
        () => page.locator('.profile').count(),
        (n) => n === 0,
        'closed by Escape',
      )
      equal(person.query().get('cell'), null, 'the address after')
    },
  },
  {
    name: 'table: the same figures without the map, sortable, rows open the profile',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      await person.button('Tableau').click()
      const rows = page.locator('.table tbody tr')
      await rows.first().waitFor()
      const counts = async () => (await page.locator('.table tbody td.count:nth-child(2)').allInnerTexts()).map(digits)
      const down = await counts()
      truthy(
        down.every((n, i) => i === 0 || n <= down[i - 1]),
        'falling counts',
      )
      await page.locator('.table').getByRole('button', { name: 'Événements' }).click()
      equal(await page.locator('.table th.count').first().getAttribute('aria-sort'), 'ascending', 'aria-sort')
      const up = await counts()
      equal(
        up,
        [...down].sort((a, b) => a - b),
        'rising counts',
      )
      await rows.last().getByRole('button').focus()
      await page.keyboard.press('Enter')
      await page.locator('[data-test=profile-total]').waitFor()
      equal(digits(await page.locator('[data-test=profile-total]').innerText()), up.at(-1), 'the count of the profile')
      await person.button('Communes').click()
      await soon(
        () => page.locator('.table caption').innerText(),
        (text) => /communes/.test(text),
        'the caption',
      )
      const name = await rows.first().getByRole('button').innerText()
      await rows.first().getByRole('button').click()
      await soon(
        () => page.locator('.where').innerText(),
        (text) => text.includes(name),
        'the place in the headline',
      )
    },
  },
  {
    name: 'table: the units of the map by name, kind and area; a row goes there',
    run: async (person) => {
      const { page } = person
      await person.open('?v=1&view=units')
      const rows = page.locator('.table tbody tr')
      await rows.first().waitFor()
      const bounds = (await person.meta()).bounds as number[]
      const { features } = await person.api<{ features: { properties: { name: string; kind: string } }[] }>(
        '/ogc/collections/units/items',
        { limit: 1000, bbox: bounds.join(',') },
      )
      const drawn = features.filter(({ properties: { kind } }) => /^(gend|poli|fire|rada|sign)/.test(kind))
      await soon(
        () => rows.count(),
        (n) => n === drawn.length,
        `${drawn.length} rows`,
      )
      await page.locator('.table').getByRole('button', { name: 'Nom' }).click()
      const names = (await page.locator('.table tbody th').allInnerTexts()).map((name) => name.trim())
      equal(
        names,
        [...names].sort((a, b) => a.localeCompare(b, 'fr-FR')),
        'by name',
      )
      const before = person.camera().zoom
      await rows.first().getByRole('button').focus()
      await page.keyboard.press('Enter')
      await soon(
        () => person.camera().zoom,
        (zoom) => zoom > before,
        'the zoom',
      )
      equal(person.query().get('units'), '1', 'the units on the map')
      equal(person.query().get('view'), null, 'the view')
    },
  },
  {
    name: 'search: a place by keyboard moves the map, and can limit the figures',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      const { areas } = await person.api<{ areas: { path: string; name: string; count: number }[] }>(
        '/api/area-counts',
        { level: 'commune', limit: 1 },
      )
      const [wanted] = areas
      const found = await person.api<Area[] | { areas: Area[] }>('/api/areas', { q: wanted.name })
      const list = Array.isArray(found) ? found : found.areas
      const index = list.findIndex((area) => area.path === wanted.path)
      truthy(index >= 0 && index < 10, `${wanted.name} among what the API finds`)
      const before = person.camera()
      const box = page.getByRole('combobox')
      await box.fill(wanted.name)
      await page.getByRole('option').nth(index).waitFor()
      equal(await box.getAttribute('aria-expanded'), 'true', 'aria-expanded')
      for (let i = 0; i < index; i++) await page.keyboard.press('ArrowDown')
      equal(await box.getAttribute('aria-activedescendant'), `place-${index}`, 'aria-activedescendant')
      await page.keyboard.press('Enter')
      await soon(
        () => person.camera().zoom,
        (zoom) => zoom > before.zoom,
        'the zoom',
      )
      const { lon, lat } = person.camera()
      const [west, south, east, north] = list[index].bounds ?? [0, 0, 0, 0]
      truthy(lon > west && lon < east && lat > south && lat < north, `the map within ${wanted.name}`)
      await person.button(`Limiter à ${wanted.name}`).click()
      await soon(
        () => person.total(),
        (total) => total === wanted.count,
        `the total, ${wanted.count}`,
      )
      equal(person.query().get('area'), wanted.path, 'the address')
    },
  },
  {
    name: 'search: says when nothing is found, and closes by Escape',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      await page.getByRole('combobox').fill('zzzzqqqq')
      await page.getByText('Aucun lieu de ce nom').waitFor()
      await page.keyboard.press('Escape')
      await soon(
        () => page.getByText('Aucun lieu de ce nom').count(),
        (n) => n === 0,
        'closed',
      )
    },
  },
]
