import { readFileSync } from 'node:fs'
import { equal, soon, truthy } from '../expect'
import { tablet, type Case } from '../harness'
import type { Person } from '../person'

interface Page {
  entries: { seq: number; account: string; operation: string; outcome: string; request_id: string }[]
}

const ready = (person: Person) =>
  person.page.waitForFunction(() => document.querySelector('.page[data-busy=false] tbody button') !== null)

export const journal: Case[] = [
  {
    name: 'journal: an auditor gets it instead of the map, newest first, and opens an entry in plain words',
    as: 'auditor',
    run: async (person, server) => {
      const { page } = person
      await person.open()
      await page.getByRole('heading', { name: 'Journal des accès' }).waitFor()
      await ready(person)
      equal(await page.locator('.map').count(), 0, 'maps')
      const rows = page.locator('tbody tr')
      const seqs = await page.locator('tbody button').evaluateAll((all) => all.map((b) => Number(b.dataset.seq)))
      equal(
        seqs,
        [...seqs].sort((a, b) => b - a),
        'newest first',
      )
      truthy((await rows.first().innerText()).includes(server.accounts.auditor.user), 'who')
      const row = rows.filter({ hasText: 'Connexion' }).first()
      await row.getByRole('button').focus()
      await page.keyboard.press('Enter')
      const panel = page.locator('.entry')
      await panel.getByText('accès', { exact: true }).waitFor()
      for (const field of ['Quand', 'Qui', 'Quoi', 'Acte', 'Sensibilité', 'Issue', 'Données', 'Motif', 'Adresse']) {
        equal(await panel.locator('dt', { hasText: field }).count(), 1, `the field ${field}`)
      }
      const seq = person.query().get('j.entry')
      truthy(seq, 'the entry in the address')
      await page.keyboard.press('Escape')
      await soon(
        () => panel.count(),
        (n) => n === 0,
        'closed by Escape',
      )
      equal(
        await row.getByRole('button').evaluate((button) => button === document.activeElement),
        true,
        'the focus back on its row',
      )
    },
  },
  {
    name: 'journal: searches by person, operation and outcome; the address keeps the search',
    as: 'auditor',
    run: async (person, server) => {
      const { page } = person
      // A refusal to be found: who audits a part of the territory has no events.
      const other = await page.context().browser()?.newContext()
      const { user, password } = server.accounts.inspector
      await other?.request.post(server.url + '/api/session', { data: { name: user, password } })
      equal((await other?.request.get(server.url + '/api/events'))?.status(), 403, 'what an inspector may not')
      await other?.close()
      await person.open()
      await ready(person)
      await page.getByLabel('Personne ou machine').fill(user)
      await page.getByText('Plus de critères').click()
      await page.getByLabel('Issue').selectOption('403')
      await person.button('Chercher').click()
      await soon(
        () => person.query().get('j.account'),
        (value) => value === user,
        'the person in the address',
      )
      equal(person.query().get('j.outcome'), '403', 'the outcome in the address')
      await ready(person)
      const texts = () => page.locator('tbody tr').allInnerTexts()
      const found = await soon(
        texts,
        (all) => all.length > 0 && all.every((text) => text.includes('refusé (403)')),
        'rows',
      )
      truthy(
        found.every((text) => text.includes(user) && text.includes('Liste d’événements')),
        `all of that person: ${found}`,
      )
      await page.locator('tbody button').first().click()
      await page.locator('.entry dl').waitFor()
      await page.reload()
      await page.locator('.entry dl').waitFor()
      equal(await page.getByLabel('Personne ou machine').inputValue(), user, 'the search after a reload')
      equal(await page.getByLabel('Issue').inputValue(), '403', 'the outcome after a reload')
      await person.button('Effacer').click()
      await soon(
        () => page.url(),
        (url) => !url.includes('j.'),
        'the address after clearing',
      )
    },
  },
  {
    name: 'journal: an entry by its link alone, and one that does not exist',
    as: 'auditor',
    run: async (person) => {
      const { page } = person
      await person.open('?v=1&view=journal&j.entry=1&j.outcome=403')
      await page.locator('.entry dl').waitFor()
      equal(await page.locator('#entry-title').innerText(), 'Ligne 1', 'the entry')
      await person.open('?v=1&view=journal&j.entry=99999999')
      await page.getByText('Le journal n’a pas de ligne de ce numéro.').waitFor()
    },
  },
  {
    name: 'journal: the chain is verified, its root copied and found again',
    as: 'auditor',
    run: async (person) => {
      const { page } = person
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      await person.open()
      await ready(person)
      await person.button('Copier la racine').click()
      await page.getByText('Racine copiée', { exact: true }).waitFor()
      const root = await page.evaluate(() => navigator.clipboard.readText())
      truthy(/^\d+:[0-9a-f]{64}$/.test(root), `the root ${root}`)
      await page.getByText('Comparer à une racine').click()
      await page.getByLabel('Racine notée').fill(root)
      await person.button('Vérifier la chaîne').click()
      const result = page.locator('[data-test=verification]')
      await result.waitFor()
      truthy(
        /Chaîne intacte .* La racine notée s’y retrouve\./.test(await result.innerText()),
        await result.innerText(),
      )
      // A root that never was is found out: the check can fail.
      await page.getByLabel('Racine notée').fill(root.replace(/[0-9a-f]{8}$/, '00000000'))
      await person.button('Vérifier la chaîne').click()
      await soon(
        () => result.innerText().catch(() => ''),
        (text) => text.includes('Chaîne rompue'),
        'a wrong root',
      )
      await page.getByLabel('Racine notée').fill('nonsense')
      await person.button('Vérifier la chaîne').click()
      await page.getByText('Une racine s’écrit').waitFor()
    },
  },
  {
    name: 'journal: an export asks for the reason, which is then in the journal',
    as: 'auditor',
    run: async (person) => {
      const { page } = person
      await person.open('?v=1&view=journal&j.operation=log-in')
      await ready(person)
      await person.button('Exporter en CSV…').click()
      const dialog = page.getByRole('dialog', { name: 'Motif de l’export' })
      const field = dialog.getByRole('textbox')
      await soon(
        () => field.evaluate((element) => element === document.activeElement),
        (focused) => focused,
        'the focus in the field',
      )
      await field.fill('x')
      await dialog.getByRole('button', { name: 'Exporter' }).click()
      await page.getByText('Écrivez un motif').waitFor()
      const why = 'contrôle d’essai n° 7 – œuvre'
      await field.fill(why)
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        dialog.getByRole('button', { name: 'Exporter' }).click(),
      ])
      truthy(/^journal-\d{4}-\d{2}-\d{2}\.csv$/.test(download.suggestedFilename()), download.suggestedFilename())
      const lines = readFileSync((await download.path()) ?? '', 'utf8')
        .trim()
        .split('\n')
      truthy(lines.length > 1 && lines.slice(1).every((line) => line.includes('log-in')), `the file: ${lines[1]}`)
      await page.getByText('Export enregistré').waitFor()
      const { entries } = await person.api<Page>('/api/journal', { operation: 'journal-export', limit: 1 })
      equal((entries[0] as unknown as { reason: string }).reason, why, 'the reason in the journal')
    },
  },
  {
    name: 'journal: on a tablet, upright too, nothing is lost and targets are 44 px',
    as: 'auditor',
    context: { ...tablet, viewport: { width: 768, height: 1024 } },
    run: async (person) => {
      const { page } = person
      await person.open()
      await ready(person)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      truthy(wide <= 0, `the page is ${wide} px too wide`)
      const small = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('button:not(.link), input:not([type=checkbox]), select, summary')]
          .filter((element) => element.checkVisibility({ visibilityProperty: true }))
          .map((element) => ({ text: element.textContent?.trim().slice(0, 30), height: element.offsetHeight }))
          .filter(({ height }) => height > 0 && height < 44),
      )
      equal(small, [], 'targets below 44 px')
      await page.locator('tbody button').first().click()
      await page.locator('.entry dl').waitFor()
      await person.button('Fermer').click()
      await page.locator('.entry').waitFor({ state: 'detached' })
    },
  },
]
