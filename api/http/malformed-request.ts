/** Answers what is not even HTTP: the parser has given up, so the answer is written to the bare socket. */
import type { Socket } from 'node:net';
import type { ErrorCode } from '../../core/errors.ts';
import { describeProblem, PROBLEM_TYPE } from '../problem.ts';

const STATUS_LINES: Readonly<Record<string, { status: string; code: ErrorCode; detail: string }>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'request.invalid',
    detail: 'the request headers are too large',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'request.invalid',
    detail: 'the request did not arrive in time',
  },
};
const MALFORMED = {
  status: '400 Bad Request',
  code: 'request.invalid',
  detail: 'this is not a valid HTTP request',
} as const;

export function answerMalformedRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy(error);
    return;
  }
  const { status, code, detail } = STATUS_LINES[error.code ?? ''] ?? MALFORMED;
  const problem = { ...describeProblem(code, detail, ''), status: Number(status.slice(0, 3)) };
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
