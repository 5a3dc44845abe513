import { equal, soon, truthy } from '../expect'
import type { Case } from '../harness'

export const links: Case[] = [
  {
    name: 'link: a reload restores everything seen',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      await page.locator('.side label').first().click()
      await person.button('12 mois').click()
      await page.locator('[data-at="5,-1"]').click()
      await person.settled()
      const cell = await person.fullest(Object.fromEntries(filterOf(await apiQuery(person.page))))
      await page.mouse.click(cell.x, cell.y)
      await page.locator('[data-test=profile-total]').waitFor()
      await person.button('Thème de nuit').click()
      await person.button('English').click()
      await person.settled()
      const state = async () => ({
        address: page.url(),
        total: await person.total(),
        chips: await page.locator('.chip').allInnerTexts(),
        profile: await page.locator('[data-test=profile-total]').innerText(),
        lang: await page.locator('html').getAttribute('lang'),
        theme: await page.locator('html').getAttribute('data-theme'),
        legend: await page.locator('.legend').innerText(),
      })
      const before = await state()
      equal([before.lang, before.theme], ['en', 'night'], 'language and theme')
      truthy(before.address.includes('?v=1&'), 'the version in the address')
      await page.reload()
      await page.locator('[data-test=profile-total]').waitFor()
      await person.settled()
      equal(await state(), before, 'the state after a reload')
    },
  },
  {
    name: 'link: back and forward',
    run: async (person) => {
      const { page } = person
      await person.open()
      const all = await person.total()
      await person.button('30 jours').click()
      await soon(
        () => person.total(),
        (total) => total < all,
        'fewer events',
      )
      const some = await person.total()
      await page.goBack()
      await soon(
        () => person.total(),
        (total) => total === all,
        'all after back',
      )
      await page.goForward()
      await soon(
        () => person.total(),
        (total) => total === some,
        'some after forward',
      )
    },
  },
  {
    name: 'link: an old or broken one says so and shows what it can',
    run: async (person) => {
      const { page } = person
      await person.open('?v=9&hours=8-999&cell=nonsense&layer=forecast')
      await person.settled()
      await page.getByText('Ce lien vient d’une autre version (9)').waitFor()
      await person.open('?v=1&hours=8-999&cell=nonsense')
      await page.getByText('Laissé de côté : hours, cell.').waitFor()
      equal(await person.total(), (await person.summary()).total, 'the total')
    },
  },
  {
    name: 'link: a filter that the server does not know is an error in words, not a blank page',
    expected: /422/,
    run: async (person) => {
      await person.open('?v=1&attr.no_such_thing=1')
      await person.page.locator('.problem[role=alert]').waitFor()
      await person.button('Tout effacer').click()
      truthy((await person.total()) > 0, 'the total after taking it back')
    },
  },
]

/** The filter of the last summary that the page asked for. */
async function apiQuery(page: import('playwright-core').Page): Promise<URLSearchParams> {
  const names = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => name.includes('/api/summary')),
  )
  return new URL(names.at(-1) ?? 'http://x').searchParams
}

function filterOf(params: URLSearchParams): [string, string][] {
  return [...params].filter(([key]) => !key.startsWith('bin'))
}
