import type { Exchange } from '../net/exchange.js';

/** The beginning of an answer's body, if it is text, for pgrelay.failed; never for a log. */
export function excerptOf({ headers, body }: Exchange, bytes: number): string | undefined {
  const [type = ''] = [headers['content-type']].flat();
  const [encoding = 'identity'] = [headers['content-encoding']].flat();
  if (
    bytes === 0 ||
    body.length === 0 ||
    encoding !== 'identity' ||
    !/^(text\/|application\/([\w.+-]*\+)?(json|xml))/i.test(type)
  ) {
    return undefined;
  }
  return new TextDecoder().decode(body.subarray(0, bytes)).replace(/\ufffd+$/, '');
}
