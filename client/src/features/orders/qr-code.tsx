// A QR code, drawn as one path.

import { encode } from 'uqr';

/** Scanners need this much white around it. */
const MARGIN = 4;

export function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: 'M', border: MARGIN });
  const squares = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')));
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="w-44 rounded-lg bg-white"
    >
      {/* Dark on white in any scheme, or scanners see nothing. */}
      <path d={squares.join('')} fill="#14201b" />
    </svg>
  );
}
