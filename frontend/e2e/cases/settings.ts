import { equal, soon, truthy } from '../expect'
import type { Case } from '../harness'

export const settings: Case[] = [
  {
    name: 'language: French first, English complete',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      equal(await page.locator('html').getAttribute('lang'), 'fr', 'the first language')
      await person.button('English').click()
      await person.button(/^Account/).click()
      await person.button('Sign out').waitFor()
      equal(await page.locator('html').getAttribute('lang'), 'en', 'the language')
      const text = await page.locator('body').innerText()
      for (const word of ['Période', 'Filtres', 'Gravité', 'Heures', 'événement', 'Données', 'Carte']) {
        truthy(!text.includes(word), `“${word}” on the English page`)
      }
      await person.button('Français').click()
      await person.button(/^Compte/).waitFor()
    },
  },
  {
    name: 'theme: follows the system, and can be chosen',
    context: { colorScheme: 'dark' },
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      const night = await ground()
      equal(await page.locator('html').getAttribute('data-theme'), 'night', 'the theme of the system')
      await person.button('Thème de jour').click()
      await soon(ground, (colour) => colour !== night, 'the ground by day')
      await person.settled()
      await page.reload()
      await person.settled()
      equal(await page.locator('html').getAttribute('data-theme'), 'day', 'the theme after a reload')
    },
  },
  {
    name: 'zoom of 200 %: nothing is lost',
    context: { viewport: { width: 720, height: 450 } },
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      truthy(wide <= 0, `the page is ${wide} px too wide`)
      for (const name of ['30 jours', 'Heures et jours', 'Tableau']) {
        await person.button(name).scrollIntoViewIfNeeded()
        await person.button(name).click()
      }
      await page.locator('.table tbody tr').first().waitFor()
    },
  },
]
