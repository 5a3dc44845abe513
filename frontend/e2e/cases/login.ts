import { equal, soon, truthy } from '../expect'
import type { Case } from '../harness'

export const login: Case[] = [
  {
    name: 'log-in: refuses a wrong password in words, then opens the map',
    anonymous: true,
    run: async (person, server) => {
      const { page } = person
      await person.open()
      await page.locator('button[type=submit]').click()
      truthy(await page.getByRole('alert').innerText(), 'a hint for empty fields')
      await page.locator('#name').fill(server.user)
      await page.locator('#password').fill('not the password')
      await page.keyboard.press('Enter')
      await page.getByText('Identifiant ou mot de passe incorrect.').waitFor()
      equal(await page.locator('#password').inputValue(), '', 'the password field after a refusal')
      await person.logIn(server.user, server.password)
      truthy((await person.total()) > 0, 'events on the first screen')
    },
  },
  {
    name: 'log-in: in English, and log-out comes back to it',
    anonymous: true,
    run: async (person, server) => {
      const { page } = person
      await person.open('?v=1&lang=en')
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      await person.logIn(server.user, server.password)
      await person.settled()
      await person.button(/^Account/).click()
      await person.button('Sign out').click()
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      const answer = await page.request.get(person.url + '/api/meta')
      equal(answer.status(), 401, 'the API after log-out')
    },
  },
  {
    name: 'log-in: a session that ends shows the log-in page and resumes the view',
    anonymous: true,
    run: async (person, server) => {
      const { page } = person
      await person.open()
      await person.logIn(server.user, server.password)
      await person.settled()
      await page.context().clearCookies()
      await person.button('30 jours').click()
      await page.getByText('La session a pris fin.').waitFor()
      await person.logIn(server.user, server.password)
      await person.settled()
      truthy(person.query().get('from'), 'the period in the address')
      await soon(
        () => person.button('30 jours').getAttribute('aria-pressed'),
        (value) => value === 'true',
        '30 days',
      )
    },
  },
]
