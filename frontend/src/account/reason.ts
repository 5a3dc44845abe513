// Why data are asked for: the header Vigie-Reason, as the server reads it.

export const shortestReason = 3
export const longestReason = 500

/** Whether the server takes the text as a reason. */
export function isReason(text: string): boolean {
  const length = [...text.trim()].length
  return length >= shortestReason && length <= longestReason
}

/** The header. Browsers put only Latin-1 into headers: the text goes percent-encoded, marked as RFC 8187 marks it. */
export const reasonHeader = (text: string) => ({ 'vigie-reason': "UTF-8''" + encodeURIComponent(text.trim()) })
