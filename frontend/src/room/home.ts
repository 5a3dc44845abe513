// The territory that a room begins with: the filter of the map, else that of the account, else the département with most
// events for who may see everything.
import { api } from '../lib/api'
import type { App } from '../lib/app.svelte'
import { areasOf } from '../lib/rights'

/** The areas, at least one where any is known. */
export async function homeAreas(app: App): Promise<string[]> {
  if (app.filter.area.length > 0) return app.filter.area
  const own = areasOf(app.session?.grants).filter((path) => path !== '*')
  if (own.length > 0) return own.slice(0, 20)
  const { areas } = await api.areaCounts(new URLSearchParams({ level: 'departement', limit: '1' }))
  return (areas ?? []).map(({ path, name }) => {
    app.places[path] = name
    return path
  })
}
