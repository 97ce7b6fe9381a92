// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "messagehook_p.h"

#include <QtCore/qscopedvaluerollback.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

namespace Qanat::MessageHook {

namespace {

/*
 * A handler over which somebody has installed another cannot be taken out, and that other may call it for ever, from any
 * thread. To be installed over that one as well, there is more than one handler: with one alone the two would call each other
 * in a circle. Each has a place, and passes on to what was there before it.
 */
constexpr size_t MostPlaces = 64;

struct State
{
    std::mutex mutex;
    std::array<QtMessageHandler, MostPlaces> previous{};
    size_t placesTaken = 0; // By handlers that may be called; the newest is the last.
    size_t active = 0; // The place of the one that listens.
    Listener listener = nullptr; // Null where none does.
};

// Never destroyed, since static objects may still log.
State &state()
{
    static auto *const state = new State;
    return *state;
}

thread_local bool isInside = false;

void handle(size_t place, QtMsgType type, const QMessageLogContext &context, const QString &message)
{
    QtMessageHandler previous = nullptr;
    Listener listener = nullptr;
    {
        const std::lock_guard lock(state().mutex);
        previous = state().previous[place];
        if (state().active == place)
            listener = state().listener;
    }
    if (!listener) {
        previous(type, context, message);
        return;
    }
    const bool wasInside = isInside;
    const QScopedValueRollback guard(isInside, true); // The handler before may throw.
    previous(type, context, message);
    if (type != QtFatalMsg)
        listener(type, context, message, wasInside ? Entry::Again : Entry::First);
}

// Qt wants a plain function for each.
template<size_t Place>
void handlerAt(QtMsgType type, const QMessageLogContext &context, const QString &message)
{
    handle(Place, type, context, message);
}

template<size_t... Place>
constexpr std::array<QtMessageHandler, MostPlaces> handlersAt(std::index_sequence<Place...>)
{
    return {&handlerAt<Place>...};
}

constexpr std::array<QtMessageHandler, MostPlaces> handlers = handlersAt(std::make_index_sequence<MostPlaces>());

} // namespace

void install(Listener listener)
{
    // Who is called before this is done waits for the mutex, and then knows whom to pass on to.
    State &hook = state();
    const std::lock_guard lock(hook.mutex);
    hook.listener = listener;
    if (hook.placesTaken == MostPlaces) {
        // Somebody installs again and again and never removes. From here on it is heard as long as they pass on.
        hook.active = MostPlaces - 1;
        return;
    }
    const size_t place = hook.placesTaken;
    const QtMessageHandler before = qInstallMessageHandler(handlers[place]);
    hook.previous[place] = before;
    const auto own = std::find(handlers.begin(), handlers.begin() + place, before);
    if (own == handlers.begin() + place) {
        hook.active = place;
        hook.placesTaken = place + 1;
        return;
    }
    // Whoever was over it has gone meanwhile, so it needs no other.
    qInstallMessageHandler(before);
    hook.active = size_t(own - handlers.begin());
    hook.placesTaken = hook.active + 1;
}

void remove()
{
    State &hook = state();
    const std::lock_guard lock(hook.mutex);
    hook.listener = nullptr;
    const QtMessageHandler before = qInstallMessageHandler(hook.previous[hook.active]);
    if (before == handlers[hook.active])
        hook.placesTaken = hook.active;
    else
        qInstallMessageHandler(before);
}

} // namespace Qanat::MessageHook
