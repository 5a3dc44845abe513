import { equal, soon, truthy } from '../expect'
import { otherAgent, tablet, type Case } from '../harness'

export const account: Case[] = [
  {
    name: 'account: says the role and the territory, lists the sessions, and ends another',
    run: async (person, server) => {
      const { page } = person
      await person.open()
      await person.settled()
      const button = person.button('Compte : commandant · tout le territoire')
      await button.click()
      equal(await button.getAttribute('aria-expanded'), 'true', 'the card')
      await page.locator('#account').getByText(server.user, { exact: true }).waitFor()
      await page.keyboard.press('Escape')
      equal(await button.getAttribute('aria-expanded'), 'false', 'the card after Escape')
      equal(await button.evaluate((element) => element === document.activeElement), true, 'the focus')
      // Another device logs in, and is thrown out from here.
      const other = await page.context().browser()?.newContext({ userAgent: otherAgent })
      const answer = await other?.request.post(server.url + '/api/session', {
        data: { name: server.user, password: server.password },
      })
      equal(answer?.status(), 200, 'the log-in of the other device')
      await button.click()
      await person.button('Mes sessions…').click()
      const dialog = page.getByRole('dialog', { name: 'Mes sessions' })
      await dialog.getByText('cet appareil').waitFor()
      const count = await dialog.locator('li').count()
      truthy(count >= 2, `${count} sessions`)
      const row = dialog.locator('li', { hasText: 'Firefox · Windows' })
      await row.getByRole('button', { name: /^Fermer la session : Firefox · Windows/ }).click()
      await dialog.getByText('Une session fermée.').waitFor()
      equal((await other?.request.get(server.url + '/api/session'))?.status(), 401, 'the other device afterwards')
      await other?.close()
      await page.keyboard.press('Escape')
      await soon(
        () => dialog.count(),
        (n) => n === 0,
        'the dialog after Escape',
      )
      equal(await button.evaluate((element) => element === document.activeElement), true, 'the focus after the dialog')
    },
  },
  {
    name: 'account: ends all the others at once',
    anonymous: true,
    run: async (person, server) => {
      const { page } = person
      const { user, password } = server.accounts.inspector
      for (let i = 0; i < 2; i++) {
        const other = await page.context().browser()?.newContext()
        await other?.request.post(server.url + '/api/session', { data: { name: user, password } })
        await other?.close()
      }
      await page.request.post(server.url + '/api/session', { data: { name: user, password } })
      const list = async () =>
        (await person.api<{ sessions: { current: boolean }[] }>('/api/sessions')).sessions.filter((s) => !s.current)
      const before = await list()
      truthy(before.length >= 2, `${before.length} other sessions`)
      await person.open('?v=1&lang=fr')
      await page.getByRole('heading', { name: 'Ce compte n’a pas d’écran ici' }).waitFor()
      await person.button(/^Compte : auditeur/).click()
      await person.button('Mes sessions…').click()
      await person.button(/^Fermer les \d+ autres sessions$/).click()
      await page.getByText(/sessions fermées/).waitFor()
      await page.getByText('Aucune autre session.').waitFor()
      equal(await list(), [], 'other sessions')
    },
  },
  {
    name: 'account: on a tablet everything in the card and the dialog is 44 px',
    context: tablet,
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      await person.button(/^Compte/).click()
      await person.button('Mes sessions…').click()
      await page.getByRole('dialog').locator('li').first().waitFor()
      const small = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('dialog button, .account button')]
          .map((element) => ({ text: element.textContent?.trim(), height: element.offsetHeight }))
          .filter(({ height }) => height > 0 && height < 44),
      )
      equal(small, [], 'targets below 44 px')
    },
  },
]
