"""Test runners with several workers share one emulator: the documentation's examples run as written."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support import npm
from tests.support.command import environment
from tests.support.documents import blocks, example
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

SECTION = "Tests that run in parallel"
WORKERS = 4
WAIT = 60
"""Seconds in which all workers must have come. Only a failure takes so long."""

# Each worker's file has the example, and then makes an instance and waits until all workers have an account. So it ends
# only if all of them run at the same time, on one emulator; and the resets of others have left the instance alone.
JAVASCRIPT = f"""
test('all workers are there', async () => {{
  await call('/instances', {{ method: 'POST', body: '{{"plan": "nano"}}' }});
  let names = [];
  for (const end = Date.now() + {WAIT}000; names.length < {WORKERS} && Date.now() < end; ) {{
    const state = await (await call('/_rtgmock/state')).json();
    names = state.accounts.map((one) => one.name).filter((name) => name.startsWith('worker-'));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }}
  expect(names).toHaveLength({WORKERS});
  expect(await (await call('/instances')).json()).toHaveLength(1);
}}, {WAIT}000);
"""
RUBY = f"""
RSpec.describe 'all workers' do
  it 'are there' do
    account = "worker-#{{ENV['TEST_ENV_NUMBER']}}"
    instances = RestClient::Resource.new(ENV['RTGMOCK_URL'] + '/instances', account, 'any')
    made = JSON.parse(instances.post(plan: 'nano'))
    names, stop = [], Time.now + {WAIT}
    while names.size < {WORKERS} && Time.now < stop
      state = JSON.parse(RestClient.get(ENV['RTGMOCK_URL'] + '/_rtgmock/state'))
      names = state['accounts'].map {{ |one| one['name'] }}.grep(/^worker-/)
      sleep 0.02
    end
    expect(names.size).to eq {WORKERS}
    expect(JSON.parse(instances.get).map {{ |one| one['instance']['id'] }}).to include made['id']
  end
end
"""


def run(command: str, folder: Path) -> str:
    """Run a command of the documentation in a folder, and return what it prints."""
    (folder / "bin").mkdir()
    (folder / "bin" / "rtgmock").write_text(f'#!/bin/sh\nexec {sys.executable} -m rtgmock "$@"\n')
    (folder / "bin" / "rtgmock").chmod(0o755)
    variables = environment(TMPDIR=str(folder), CI="1")
    variables["PATH"] = f"{folder / 'bin'}:{variables['PATH']}"
    done = subprocess.run(
        ["sh", "-e"],
        input=command,
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2 * WAIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_jest(tmp_path: Path, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> None:
    (tmp_path / "node_modules").symlink_to(npm.modules("jest", pytestconfig, tmp_path_factory))
    (tmp_path / "package.json").write_text("{}")
    for number in range(WORKERS):
        (tmp_path / f"instances-{number}.test.js").write_text(example("js", SECTION) + JAVASCRIPT)

    shown = run(blocks("sh", SECTION)[0], tmp_path)

    assert f"Tests:       {2 * WORKERS} passed, {2 * WORKERS} total" in shown


def test_rspec(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    ruby = program("ruby", "ruby")
    for name in ("rspec", "parallel_rspec"):
        shutil.which(name) or skip_or_fail("ruby", f"{name} is not installed")
    if subprocess.run([ruby, "-e", "require 'rest-client'"], capture_output=True, timeout=60, check=False).returncode:
        skip_or_fail("ruby", "Ruby's rest-client is not installed")
    (tmp_path / "spec").mkdir()
    for number in range(WORKERS):
        (tmp_path / "spec" / f"instances_{number}_spec.rb").write_text(example("ruby", SECTION) + RUBY)

    shown = run(blocks("sh", SECTION)[1], tmp_path)

    assert f"{2 * WORKERS} examples, 0 failures" in shown
