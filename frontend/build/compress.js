// Writes the .br and .gz twin of every text asset of dist/ that shrinks, so that the server never compresses them, and
// prints what a first visit weighs. dist/.keep, which Go needs before the first build, comes from public/.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = new URL('../dist/', import.meta.url).pathname
const compressible = /\.(js|mjs|css|html|svg|json|webmanifest)$/
const table = []

for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
  const path = join(root, name)
  if (!statSync(path).isFile() || /\.(br|gz|keep)$/.test(name)) continue
  const body = readFileSync(path)
  const row = { name, bytes: body.length, gzip: body.length, brotli: body.length }
  if (compressible.test(name) && body.length > 512) {
    const gzip = gzipSync(body, { level: 9 })
    const brotli = brotliCompressSync(body, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: 22,
        [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
      },
    })
    writeFileSync(path + '.gz', gzip)
    writeFileSync(path + '.br', brotli)
    row.gzip = gzip.length
    row.brotli = brotli.length
  }
  table.push(row)
}

const kB = (bytes) => (bytes / 1000).toFixed(1).padStart(8)
for (const row of table) console.log(`${kB(row.gzip)} kB gzip ${kB(row.brotli)} kB brotli  ${row.name}`)
const sum = (rows, key) => rows.reduce((total, row) => total + row[key], 0)
const own = table.filter((row) => /\.(js|css)$/.test(row.name) && !/maplibre|svelte/.test(row.name))
console.log(`${kB(sum(own, 'gzip'))} kB gzip own code; ${kB(sum(table, 'brotli'))} kB brotli in all`)
