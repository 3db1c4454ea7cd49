/** A chat message as lines and pieces: the little Markdown that the bot sends, never raw HTML. */
export interface Piece {
  kind: 'plain' | 'strong' | 'command'
  text: string
}
export interface Line {
  quote: boolean
  pieces: Piece[]
}

const PIECE = /\*\*(.+?)\*\*|「([^」]{1,40})」/g

export function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .map((raw) => raw.trim())
    .filter((raw) => raw !== '')
    .map((raw) => {
      const quote = raw.startsWith('>')
      return { quote, pieces: piecesOf(quote ? raw.slice(1).trim() : raw.replace(/^#+\s+/, '')) }
    })
}

function piecesOf(raw: string): Piece[] {
  const found: Piece[] = []
  let from = 0
  for (const match of raw.matchAll(PIECE)) {
    const at = match.index ?? 0
    if (at > from) found.push({ kind: 'plain', text: raw.slice(from, at) })
    const [whole, strong, quoted] = match
    if (strong !== undefined) found.push({ kind: 'strong', text: strong })
    else if (quoted && isCommand(quoted)) found.push({ kind: 'command', text: quoted })
    else found.push({ kind: 'plain', text: whole })
    from = at + whole.length
  }
  if (from < raw.length) found.push({ kind: 'plain', text: raw.slice(from) })
  return found
}

function isCommand(text: string): boolean {
  return /^(接单|回复|解决|备注|退回|待接单|我的|帮助|值班|下班|claim|reply|resolve|waiting|mine|help)/.test(text)
}
