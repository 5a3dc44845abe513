import { equal, soon, truthy } from '../expect'
import type { Case } from '../harness'
import { digits } from '../person'

export const filters: Case[] = [
  {
    name: 'filters: category and severity, counts as the API says, cross-filtered',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      const { facets } = await person.summary()
      const category = facets.category?.[0]
      if (!category) throw new Error('no category')
      const row = page.locator('.side details').first().locator('label').first()
      equal(digits(await row.locator('.count').innerText()), category.count, 'the count beside the first category')
      await row.click()
      await soon(
        () => person.total(),
        (total) => total === category.count,
        `the total, ${category.count}`,
      )
      equal(person.query().get('cat'), category.value, 'the category in the address')
      const filtered = await person.summary({ category: category.value })
      const severities = page.locator('.side details').nth(1).locator('label .count')
      const shown = (await severities.allInnerTexts()).map(digits).reduce((sum, n) => sum + n, 0)
      equal(shown, filtered.total, 'the sum of the severities under the category')
      // Its own facet keeps the other categories in sight.
      equal((await page.locator('.side details').first().locator('label').count()) > 1, true, 'other categories')
      await page.locator('.side details').nth(1).locator('label').first().click()
      await soon(() => person.query().get('sev'), Boolean, 'the severity in the address')
      const both = await person.summary({ category: category.value, severity: person.query().get('sev') ?? '' })
      await soon(
        () => person.total(),
        (total) => total === both.total,
        `the total, ${both.total}`,
      )
    },
  },
  {
    name: 'filters: in words above the map, each can be taken back, and all at once',
    run: async (person) => {
      const { page } = person
      const { facets } = await (await person.open(), person.settled(), person.summary())
      const [severity] = facets.severity ?? []
      await person.open(`?v=1&sev=${severity.value}&hours=8-9`)
      await person.settled()
      const chips = page.locator('.chip')
      equal(await chips.count(), 2, 'chips')
      truthy(
        (await chips.allInnerTexts()).some((text) => text.includes('2 heures sur 168')),
        'the hours in words',
      )
      await chips.first().click()
      await soon(
        () => chips.count(),
        (n) => n === 1,
        'chips after one is taken back',
      )
      await person.button('Tout effacer').click()
      await page.getByText('Aucun filtre').waitFor()
      equal(await person.total(), (await person.summary()).total, 'the total without filters')
    },
  },
  {
    name: 'filters: hours × days by mouse, by row, by column and by keyboard',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      const cell = (row: number, column: number) => page.locator(`[data-at="${row},${column}"]`)
      await cell(4, 17).click()
      await soon(
        () => person.query().get('hours'),
        (hours) => hours === '113',
        'Friday 17 h',
      )
      const want = await person.summary({ hours: '113' })
      await soon(
        () => person.total(),
        (total) => total === want.total,
        `the total, ${want.total}`,
      )
      truthy((await cell(4, 17).getAttribute('aria-label'))?.includes('vendredi, 17 h à 18 h'), 'its name')
      equal(await cell(4, 17).getAttribute('aria-selected'), 'true', 'its state')
      await cell(4, 17).click()
      await soon(
        () => person.query().get('hours'),
        (hours) => hours === null,
        'no hours',
      )
      await cell(5, -1).click()
      await soon(
        () => person.query().get('hours'),
        (hours) => hours === '120-143',
        'Saturday',
      )
      await cell(-1, 0).click()
      await soon(
        () => person.query().get('hours'),
        (hours) => hours === '0,24,48,72,96,120-144',
        'and every 0 h',
      )
      await person.button('Toute la semaine').click()
      await cell(0, 0).focus()
      for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'Space']) await page.keyboard.press(key)
      await soon(
        () => person.query().get('hours'),
        (hours) => hours === '26',
        'Tuesday 2 h by keyboard',
      )
      await person.button('Toute la semaine').click()
      const [from, to] = [await person.box(cell(0, 8)), await person.box(cell(0, 11))]
      await person.drag({ x: from.x + 8, y: from.y + 8 }, { x: to.x + 8, y: to.y + 8 })
      await soon(
        () => person.query().get('hours'),
        (hours) => hours === '8-11',
        'Monday 8 h to 12 h by dragging',
      )
    },
  },
  {
    name: 'filters: an attribute',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      const { facets } = await person.summary()
      const key = Object.keys(facets).find((name) => !['category', 'severity', 'source'].includes(name))
      if (!key) throw new Error('no attribute in the data')
      const details = page.locator('.side h3.group ~ details').first()
      await details.locator('summary').click()
      await details.locator('label').first().click()
      await soon(() => [...person.query().keys()].find((name) => name.startsWith('attr.')), Boolean, 'the address')
      const [name, value] = [...person.query()].find(([other]) => other.startsWith('attr.')) ?? ['', '']
      const want = await person.summary({ [name]: value })
      await soon(
        () => person.total(),
        (total) => total === want.total,
        `the total, ${want.total}`,
      )
    },
  },
]
