/** The picture at the top: a spark runs over the hop that a frame takes. */

const calm = matchMedia('(prefers-reduced-motion: reduce)');

/** Shows one frame on its way. Between the gateway and Prosody only what romeo sees can be known here. */
export function animateHop({ format, direction, text, faint }) {
  if (calm.matches || faint) return;
  if (format === 'JSON') return spark('json', direction === 'out');
  spark('xmpp', direction === 'in');
  // The gateway's domain starts so.
  if (text.includes('@web.')) spark('component', direction === 'in');
}

function spark(hop, rightwards) {
  const line = document.querySelector(`[data-hop="${hop}"] i`);
  const way = [{ left: '0%' }, { left: '100%' }];
  line.animate(
    [
      { ...way[rightwards ? 0 : 1], opacity: 1 },
      { ...way[rightwards ? 1 : 0], opacity: 1 },
    ],
    { duration: 500, easing: 'ease-in-out' },
  );
}
