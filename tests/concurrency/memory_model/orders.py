# promlite: the memory orders of the protocols, read out of the headers.
# SPDX-License-Identifier: MIT
"""Each piece of a header is given with all that it does to atomics, in the order in which it does it. When a pattern is
missing, or stands elsewhere, or there is an access more, or elsewhere an order that is not relaxed, the models may not be true
any more, and nothing is explored."""

import pathlib
import re
import sys

HEADERS = pathlib.Path(__file__).resolve().parents[3] / "include" / "promlite"
ORDER = r"std::memory_order_(\w+)"
RELAXED = r"std::memory_order_relaxed"


def function(head):
    """A member function, from what is given of its head to its end."""
    return head + r"[^\n]*(?:\n[^\n{;]*)?\{.*?\n  \}"


# (header, a piece of it, [(name or None where there is no order to take, pattern)])
PIECES = [
    ("detail/snapshot.hpp", r"class OwnedUpdate \{.*?\n\};", [
        (None, rf"before_\(progress\.load\({RELAXED}\)\)"),
        ("owned start", rf"progress_\.store\(before_ \+ Progress::started, {ORDER}\)"),
        ("owned end", rf"progress_\.store\(before_ \+ Progress::finished, {ORDER}\)"),
        ("owned datum", rf"cell\.store\(cell\.load\({RELAXED}\) \+ amount, {ORDER}\)"),
        ("owned sum", rf"cell\.store\(bits_of\(double_of\(cell\.load\({RELAXED}\)\) \+ amount\), {ORDER}\);")]),
    ("detail/snapshot.hpp", r"class SharedUpdate \{.*?\n\};", [
        ("shared start", rf"progress_\.fetch_add\(Progress::started, {ORDER}\)"),
        ("shared end", rf"progress_\.fetch_add\(Progress::finished - Progress::started, {ORDER}\)"),
        ("shared datum", rf"cell\.fetch_add\(amount, {ORDER}\)"),
        ("shared sum", rf"shared_add_real\(cell, amount, {ORDER}\)")]),
    ("detail/snapshot.hpp", r"void read_snapshot\(.*?\n\}", [
        ("first look", rf"before = progress\.load\({ORDER}\)"),
        (None, r"read\(\);"),
        ("second look", rf"progress\.load\({ORDER}\) == before")]),
    ("histogram.hpp", r"sum = double_of\(cells\[HistogramCells::sum\].*?\}", [
        ("Histogram, sum", rf"sum = double_of\(cells\[HistogramCells::sum\]\.load\({ORDER}\)\)"),
        ("Histogram, bucket", rf"cells\[HistogramCells::buckets \+ i\]\.load\({ORDER}\)")]),
    ("summary.hpp", r"static SummaryTotals of\(.*?\n  \}", [
        (None, r"read_snapshot\("),
        ("Summary, count", rf"cells\[SummaryCells::count\]\.load\({ORDER}\)"),
        ("Summary, sum", rf"cells\[SummaryCells::sum\]\.load\({ORDER}\)")]),
    ("native_counts.hpp", function(r"void read_slab\("), [
        ("NativeCounts, sum", rf"cells\[NativeCells::sum\]\.load\({ORDER}\)"),
        ("NativeCounts, zero", rf"cells\[NativeCells::zero\]\.load\({ORDER}\)"),
        ("NativeCounts, classic", rf"cells\[NativeCells::classic \+ i\]\.load\({ORDER}\)"),
        ("NativeCounts, coarse", rf"cells\[NativeCells::coarse\]\.load\({ORDER}\)")]),
    ("detail/cell_tree.hpp", r"static void for_each\(.*?\n  \}", [("CellTree::for_each, cell", rf"cell\.load\({ORDER}\)")]),
    ("detail/exemplar_slot.hpp", function(r"static void put\("), [
        ("ExemplarSlot::put, address", rf"address\.load\({ORDER}\)"),
        (None, rf"cells\[capacity\]\.load\({RELAXED}\)"),
        (None, rf"before = cells\[progress\]\.load\({RELAXED}\)"),
        ("ExemplarSlot::put, taking the place", rf"compare_exchange_strong\(before, [^;]*?{ORDER}, {RELAXED}\)"),
        ("ExemplarSlot::put, value", rf"cells\[value_bits\]\.store\([^;]*, {ORDER}\)"),
        ("ExemplarSlot::put, time", rf"cells\[time_bits\]\.store\([^;]*, {ORDER}\)"),
        ("ExemplarSlot::put, size", rf"cells\[size\]\.store\([^;]*, {ORDER}\)"),
        ("ExemplarSlot::put, text", rf"cells\[words \+ at / 8\]\.store\([^;]*, {ORDER}\)"),
        ("ExemplarSlot::put, end", rf"cells\[progress\]\.store\(before \+ Progress::finished, {ORDER}\)")]),
    ("detail/exemplar_slot.hpp", function(r"static bool read\("), [
        ("ExemplarSlot::read, address", rf"address\.load\({ORDER}\)"),
        ("ExemplarSlot::read, first look", rf"before = cells\[progress\]\.load\({ORDER}\)"),
        (None, r"read_cells\(cells, to\);"),
        ("ExemplarSlot::read, second look", rf"cells\[progress\]\.load\({ORDER}\) == before")]),
    ("detail/exemplar_slot.hpp", function(r"static void read_cells\("), [
        ("ExemplarSlot::read, value", rf"cells\[value_bits\]\.load\({ORDER}\)"),
        ("ExemplarSlot::read, time", rf"cells\[time_bits\]\.load\({ORDER}\)"),
        ("ExemplarSlot::read, size", rf"cells\[size\]\.load\({ORDER}\)"),
        (None, rf"cells\[capacity\]\.load\({RELAXED}\)"),
        ("ExemplarSlot::read, text", rf"cells\[words \+ at / 8\]\.load\({ORDER}\)")]),
    ("detail/exemplar_slot.hpp", function(r"static Cell\* make\("), [
        (None, rf"cells\[capacity\]\.store\(room, {RELAXED}\)"),
        ("ExemplarSlot::make", rf"address\.compare_exchange_strong\(there,[^;]*?{ORDER}, {RELAXED}\)")]),
    ("detail/page_pool.hpp", function(r"static void\* take\("), [
        ("PagePool::take, look", rf"there = pool\.load\({ORDER}\)"),
        (None, rf"block\.used\.fetch_add\(bytes, {RELAXED}\)"),
        ("PagePool::take, publication", rf"pool\.compare_exchange_strong\(there, address, {ORDER}, "),
        ("PagePool::take, failure", rf"{ORDER}\)\)")]),
    ("detail/page_pool.hpp", function(r"static void for_each_block\("), [
        ("PagePool::for_each_block", rf"at = pool\.load\({ORDER}\)")]),
    ("enum_family.hpp", r"const Metric\* find\(.*?\n  \}", [("HandleTables::find", rf"first_\.load\({ORDER}\)")]),
    ("enum_family.hpp", r"const Metric\* keep\(.*?\n  \}", [
        (None, rf"first_\.load\({RELAXED}\)"),
        ("HandleTables::keep", rf"compare_exchange_weak\(made->next, made, {ORDER},\s*{RELAXED}\)")]),

    ("detail/thread_slot.hpp", function(r"std::uint32_t acquire\("), [
        (None, rf"taken = taken_\[word\]\.load\({RELAXED}\)"),
        ("SlotAllocator::acquire", rf"compare_exchange_weak\(taken, taken \| bit, {ORDER},\s*{RELAXED}\)")]),
    ("detail/thread_slot.hpp", function(r"void release\("), [
        ("SlotAllocator::release", rf"fetch_and\(~bit, {ORDER}\)")]),

    ("detail/slab.hpp", function(r"Cell\* owned\("), [
        (None, rf"allocator_\.load\({RELAXED}\)"),
        ("Chunk::owned, look", rf"there = slab\.load\({ORDER}\)\) return there;"),
        ("Chunk::owned, slab pointer", rf"slab\.store\(made, {ORDER}\)")]),
    ("detail/slab.hpp", function(r"Cell\* owned_already\("), [
        (None, rf"allocator_\.load\({RELAXED}\)"),
        (None, rf"slabs\(\)\[mine\.slot\]\.load\({RELAXED}\)")]),
    ("detail/slab.hpp", function(r"static void forget\("), [
        (None, rf"allocator_\.store\(&no_slots, {RELAXED}\)"),
        (None, rf"cells_\.store\(0, {RELAXED}\)"),
        ("Chunk::forget", rf"slab = pointer\.exchange\(nullptr, {ORDER}\)"),
        (None, r"remains\.forget\(slab, ")]),
    ("detail/slab.hpp", function(r"Cell\* shared\("), [("Chunk::shared", rf"slab = shared_\.load\({ORDER}\)")]),
    ("detail/slab.hpp", function(r"Cell\* make_shared_slab\("), [
        ("Chunk::make_shared_slab", rf"shared_\.compare_exchange_strong\(there, made, {ORDER}, "),
        ("Chunk::make_shared_slab, failure", rf"{ORDER}\)\)")]),
    ("detail/slab.hpp", function(r"Cell\* side\("), [("Chunk::side", rf"side_\.load\({ORDER}\)")]),
    ("detail/slab.hpp", function(r"Cell\* make_side\("), [
        (None, r"there = side\(\);"),
        ("Chunk::make_side", rf"side_\.compare_exchange_strong\(there, made, {ORDER}, "),
        ("Chunk::make_side, failure", rf"{ORDER}\)\)")]),
    ("detail/slab.hpp", function(r"ALWAYS_INLINE void for_each_slab\("), [
        ("Chunk::for_each_slab, shared", rf"shared_\.load\({ORDER}\)\) visit\(slab\)"),
        (None, rf"allocator_\.load\({RELAXED}\)"),
        ("Chunk::for_each_slab, owned", rf"slabs\(\)\[slot\]\.load\({ORDER}\)\) visit\(slab\)")]),
    ("detail/cell_tree.hpp", function(r"static Cell\* find\("), [
        ("CellTree::find, root", rf"root\.load\({ORDER}\)"),
        ("CellTree::find, middle", rf"page\[key >> \(2 \* page_bits\)\]\.load\({ORDER}\)"),
        ("CellTree::find, leaf", rf"page\[key >> page_bits & page_mask\]\.load\({ORDER}\)")]),
    ("detail/cell_tree.hpp", function(r"static Cell\* page_at\("), [("CellTree::page_at", rf"address\.load\({ORDER}\)")]),
    ("detail/cell_tree.hpp", function(r"static Cell\* make_page\("), [
        ("CellTree::make_page", rf"address\.compare_exchange_strong\(there,.*?{ORDER}, "),
        ("CellTree::make_page, failure", rf"{ORDER}\)\)")]),
    ("detail/cell_tree.hpp", function(r"static void for_each_page\("), [
        ("CellTree::for_each_page", rf"address\.load\({ORDER}\)")]),

    ("detail/label_index.hpp", function(r"Record\* find\("), [
        ("LabelIndex::find, table", rf"table_\.load\({ORDER}\)"),
        ("LabelIndex::find, place", rf"places\(\)\[at & table->mask\]\.load\({ORDER}\)"),
        ("LabelIndex::find, hash", rf"record->hash\.load\({ORDER}\) == hash"),
        (None, r"equal\(record->packed_values\(\), values, count\)")]),
    ("detail/label_index.hpp", function(r"void insert\("), [
        (None, rf"table_\.load\({RELAXED}\)"), (None, r"make_anew\(table\)"), (None, r"place\(\*table, record\)")]),
    ("detail/label_index.hpp", function(r"void remove\("), [
        ("LabelIndex::remove, hash", rf"record->hash\.store\(0, {ORDER}\)")]),
    ("detail/label_index.hpp", function(r"static void place\("), [
        (None, rf"record->hash\.load\({RELAXED}\)"),
        (None, rf"places\(\)\[at & table\.mask\]\.load\({RELAXED}\)"),
        ("LabelIndex::place", rf"places\(\)\[at & table\.mask\]\.store\(record, {ORDER}\)")]),
    ("detail/label_index.hpp", function(r"Table\* make_anew\("), [
        (None, r"place\(\*table, record\)"),
        ("LabelIndex::make_anew", rf"table_\.store\(table, {ORDER}\)")]),
    ("series.hpp", function(r"CellRange range\("), [
        ("Series::range, offset", rf"at = offset\.load\({ORDER}\)"),
        ("Series::range, chunk", rf"chunk\.load\({ORDER}\)")]),

    ("series_set.hpp", r"class Change \{.*?\n  \};", [
        (None, rf"changes\.load\({RELAXED}\)"),
        ("SeriesSet::Change, start", rf"changes_\.store\(before_ \+ 1, {ORDER}\)"),
        ("SeriesSet::Change, end", rf"changes_\.store\(before_ \+ 2, {ORDER}\)")]),
    ("series_set.hpp", function(r"CellRange miss\("), [
        (None, r"lock\(mutex_\);"),
        (None, r"index_\.find\(hash, values, count\)"),
        (None, r"const Change change\(changes_\);"),
        (None, rf"full_by_total_\.store\(!own_bound, {RELAXED}\)"),
        ("SeriesSet::miss, full", rf"full_\.store\(true, {ORDER}\)"),
        (None, r"list_overflow\(\);"),
        ("SeriesSet::miss, not full", rf"full_\.store\(false, {ORDER}\)"),
        (None, r"create\(hash, values\)"),
        (None, rf"overflow_due_\.store\(true, {RELAXED}\)")]),
    ("series_set.hpp", function(r"bool is_full_without\("), [
        ("SeriesSet::is_full_without, first look", rf"before = changes_\.load\({ORDER}\)"),
        ("SeriesSet::is_full_without, full", rf"!full_\.load\({ORDER}\)"),
        (None, r"!overflow_used\(\)"),
        (None, rf"full_by_total_\.load\({RELAXED}\)"),
        (None, r"index_\.find\(hash, values, count\) == nullptr"),
        ("SeriesSet::is_full_without, second look", rf"changes_\.load\({ORDER}\) == before")]),
    ("series_set.hpp", function(r"bool overflow_used\("), [("SeriesSet::overflow_used", rf"overflow_used_\.load\({ORDER}\)")]),
    ("series_set.hpp", function(r"Series& list_overflow\("), [
        (None, rf"first_->hash\.store\([^;]*, {RELAXED}\)"),
        (None, r"index_\.insert\(first_\)"),
        ("SeriesSet::list_overflow", rf"overflow_used_\.store\(true, {ORDER}\)")]),
    ("series_set.hpp", function(r"void remove\(Series& series\)"), [
        (None, r"index_\.remove\(&series\)"),
        ("SeriesSet::remove, not full", rf"full_\.store\(false, {ORDER}\)")]),

    ("transport/scrape_worker.hpp", function(r"void start\("), [
        (None, r"key_ = "), (None, r"body_ = "),
        ("ScrapeWorker::start", rf"phase_\.store\(Phase::wanted, {ORDER}\)")]),
    ("transport/scrape_worker.hpp", function(r"bool take\("), [
        ("ScrapeWorker::take", rf"phase_\.load\({ORDER}\) != Phase::done"),
        (None, r"body = std::move\(body_\)"), (None, r"failed = failed_"),
        (None, rf"phase_\.store\(Phase::idle, {RELAXED}\)")]),
    ("transport/scrape_worker.hpp", function(r"void stop\("), [("ScrapeWorker::stop", rf"stopping_\.store\(true, {ORDER}\)")]),
    ("transport/scrape_worker.hpp", function(r"void run\("), [
        ("ScrapeWorker::run, stopping", rf"stopping_\.load\({ORDER}\)\) return;"),
        ("ScrapeWorker::run, wanted", rf"phase_\.load\({ORDER}\) != Phase::wanted\) continue;"),
        (None, r"source_->render\(key_, deadline_, body_->bytes\)"),
        ("ScrapeWorker::run, done", rf"phase_\.store\(Phase::done, {ORDER}\)")]),
    ("transport/server_loop.hpp", function(r"void run\("), [("ServerLoop::run, stopping", rf"stopping_\.load\({ORDER}\)")]),
    ("transport/server_loop.hpp", function(r"void stop\("), [("ServerLoop::stop", rf"stopping_\.store\(true, {ORDER}\)")]),
    ("transport/server.hpp", r"int Server::start_threads\(.*?\n\}", [
        (None, r"state\.loop\.run\(\);"),
        ("Server, the loop's end", rf"loop_finished\.store\(true,\s*{ORDER}\)"),
        (None, r"state\.worker\.run\(\);"),
        ("Server, the worker's end", rf"worker_finished\.store\(true, {ORDER}\)")]),
    ("transport/server.hpp", r"void Server::stop\(.*?\n\}", [
        ("Server::stop", rf"flag\.load\({ORDER}\)"),
        (None, r"remove_path\(\)"),
        (None, r"end_thread\(loop_, state->loop_finished\)")]),
    ("transport/server.hpp", r"bool Server::end_thread\(.*?\n\}", [
        ("Server::end_thread", rf"finished\.load\({ORDER}\)"),
        (None, r"thread\.join\(\);")]),

    ("transport/resolver.hpp", r"void Resolver::run\(.*?\n\}", [
        (None, r"look_up\.problem = "), ("Resolver::run", rf"finished\.store\(true, {ORDER}\)")]),
    ("transport/resolver.hpp", r" Resolver::join_or_start\(.*?\n\}", [(None, rf"finished\.load\({RELAXED}\)")]),
    ("transport/resolver.hpp", r" Resolver::resolve\(.*?\n\}", [
        ("Resolver::resolve", rf"finished\.load\({ORDER}\)"), (None, r"look_up->problem\.empty\(\)")]),
    ("transport/background_pusher.hpp", function(r"void stop\("), [
        (None, r"deadline_ = "), ("PusherState::stop", rf"stopping_\.store\(true, {ORDER}\)")]),
    ("transport/background_pusher.hpp", function(r"bool wait_until\("), [
        ("PusherState::wait_until, look", rf"!finished_\.load\({ORDER}\)"),
        ("PusherState::wait_until, late look", rf"return finished_\.load\({ORDER}\)")]),
    ("transport/background_pusher.hpp", r"bool stopping\([^\n]*", [("PusherState::stopping", rf"stopping_\.load\({ORDER}\)")]),
    ("transport/background_pusher.hpp", r"void PusherState::run\(.*?\n\}", [
        (None, r"push_until_stopped\(\);"), (None, r"deadline_"), (None, r"report\("),
        ("PusherState::run", rf"finished_\.store\(true, {ORDER}\)")]),
    ("exporter/probe.hpp", r"bool ready\([^\n]*", [("Probe::ready", rf"done_\.load\({ORDER}\)")]),
    ("exporter/probe.hpp", function(r"void run\("), [
        (None, r"make_body\(\);"),
        ("Probe::run, running", rf"running\.fetch_sub\(1, {ORDER}\)"),
        ("Probe::run, done", rf"done_\.store\(true, {ORDER}\)")]),
    ("exporter/probe.hpp", function(r"std::size_t running\("), [("ProbePage::running", rf"running\.load\({ORDER}\)")]),
    ("exporter/probe.hpp", function(r"Reply start\("), [
        (None, rf"running\.fetch_add\(1, {RELAXED}\)"), (None, rf"running\.fetch_sub\(1, {RELAXED}\)")]),
    ("exporter/password.hpp", function(r"PasswordVerdict verdict\("), [
        ("PasswordQuestion::verdict", rf"verdict_\.load\({ORDER}\)")]),
    ("exporter/password.hpp", function(r"void answer\("), [
        (None, r"table_->check\("), ("PasswordQuestion::answer", rf"verdict_\.store\(verdict, {ORDER}\)")]),
    ("membership.hpp", function(r"void close\("), [
        ("CallGate::close", rf"closed_\.store\(true, {ORDER}\)"), (None, r"lock_\.marked_by_this_thread\(\)")]),
    ("membership.hpp", function(r"bool closed\("), [("CallGate::closed", rf"closed_\.load\({ORDER}\)")]),
]


def unlike(header, what):
    sys.exit(f"memory_model: {header}: {what}: look whether the model is still true")


def orders_of_headers():
    """Which order each access has, as written."""
    orders = {}
    rest = {str(path.relative_to(HEADERS)): path.read_text() for path in HEADERS.rglob("*.hpp")}
    for header, piece, patterns in PIECES:
        pieces = re.findall(piece, rest[header], re.S)
        if len(pieces) != 1:
            unlike(header, f"{len(pieces)} pieces like {piece!r}")
        rest[header] = rest[header].replace(pieces[0], "")
        at = accesses = 0
        for name, pattern in patterns:
            found = re.compile(pattern, re.S).search(pieces[0], at)
            if found is None:
                unlike(header, f"'{name or pattern}' is not there as the model knows it")
            at = found.end()
            accesses += found.group().count("memory_order_")
            if name is not None:
                orders[name] = found.group(1)
                if orders[name] not in ("relaxed", "acquire", "release"):
                    unlike(header, f"'{name}' is {orders[name]}, which the explorer does not know")
        if accesses != pieces[0].count("memory_order_"):
            unlike(header, f"the piece of '{patterns[-1][0] or patterns[-1][1]}' has an access that the model does not know")
    for header, text in rest.items():
        for order in re.findall(r"memory_order_(?!relaxed)\w+|memory_order::(?!relaxed)\w+", text):
            unlike(header, f"{order} where no model knows of it")
    return orders


if __name__ == "__main__":
    for place, order in orders_of_headers().items():
        print(f"{place}: {order}")
