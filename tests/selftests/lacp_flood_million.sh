#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# lacp_flood.sh with a million frames, half of them in each of its parts.
# on request
# vm: --kernel debug --smp 2 --timeout 3600 --module tests/lacp_flood
exec "$(dirname "$0")/lacp_flood.sh" 500000
