const CHARACTER = 8;
const LINE = 18;
const MARGIN = 20;
const BAR = 30;
const COLOURS: Readonly<Record<string, string>> = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 36: '#79c0ff' };
const PLAIN = '#e6edf3';

interface Style {
  readonly colour: string;
  readonly bold: boolean;
  readonly dim: boolean;
}

/** One terminal window: the line at its top, and lines that may hold the ANSI codes picocolors writes. */
export interface Window {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Draws terminal windows below each other; `title` is for those who cannot see them. Every run of characters is given its width, whatever font is found. */
export function ansiSvg(title: string, windows: readonly Window[], columns: number): string {
  const width = columns * CHARACTER + 2 * MARGIN;
  let top = 0;
  const parts = windows.map((window) => {
    const height = BAR + window.lines.length * LINE + 2 * MARGIN;
    const part = drawWindow(window.title, window.lines, top, width, height);
    top += height + MARGIN;
    return part;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top - MARGIN}" width="${width}" font-size="13.3" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace">`,
    `<title>${escapeXml(title)}</title>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function drawWindow(title: string, lines: readonly string[], top: number, width: number, height: number): string {
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (colour, index) => `<circle cx="${MARGIN + index * 18}" cy="${top + BAR / 2 + 2}" r="5.5" fill="${colour}"/>`,
  );
  const text = lines.map((line, index) => drawLine(line, top + BAR + MARGIN + index * LINE));
  return [
    `<rect y="${top}" width="${width}" height="${height}" rx="9" fill="#0d1117"/>`,
    ...dots,
    `<text x="${width / 2}" y="${top + BAR / 2 + 7}" text-anchor="middle" fill="#8b949e">${escapeXml(title)}</text>`,
    ...text.filter((line) => line !== ''),
  ].join('\n');
}

function drawLine(line: string, y: number): string {
  let column = 0;
  return spans(line)
    .map(({ text, style }) => {
      const from = column;
      column += text.length;
      const shown = text.trimEnd();
      const start = shown.length - shown.trimStart().length;
      const word = shown.slice(start);
      if (word === '') return '';
      const look = `${style.bold ? ' font-weight="bold"' : ''}${style.dim ? ' opacity="0.6"' : ''}`;
      return `<text x="${MARGIN + (from + start) * CHARACTER}" y="${y}" textLength="${word.length * CHARACTER}" lengthAdjust="spacingAndGlyphs" fill="${style.colour}"${look} xml:space="preserve">${escapeXml(word)}</text>`;
    })
    .filter((span) => span !== '')
    .join('\n');
}

/** Cuts a line where its style changes; neighbours of one style are one run. */
function spans(line: string): { readonly text: string; readonly style: Style }[] {
  let style: Style = { colour: PLAIN, bold: false, dim: false };
  const found: { text: string; style: Style }[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what ANSI codes begin with
  for (const piece of line.split(/(\u001b\[\d+m)/)) {
    const code = /\[(\d+)m$/.exec(piece)?.[1];
    if (piece.startsWith('\u001b') && code !== undefined) style = apply(style, code);
    else if (piece !== '') {
      const last = found.at(-1);
      if (last && last.style.colour === style.colour && last.style.bold === style.bold && last.style.dim === style.dim)
        last.text += piece;
      else found.push({ text: piece, style });
    }
  }
  return found;
}

function apply(style: Style, code: string): Style {
  if (code === '1') return { ...style, bold: true };
  if (code === '2') return { ...style, dim: true };
  if (code === '22') return { ...style, bold: false, dim: false };
  return { ...style, colour: COLOURS[code] ?? PLAIN };
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
