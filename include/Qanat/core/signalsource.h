// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_SIGNALSOURCE_H
#define QANAT_CORE_SIGNALSOURCE_H

#include <Qanat/core/event.h>
#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qlist.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qobject.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>

namespace Qanat {

class SignalTap;
class Sink;

/*!
 * What connectSignal() gives its events besides type and data, and how often: a plain value.
 */
class QANAT_CORE_EXPORT SignalOptions
{
public:
    //! The source of the events; empty for the application's.
    QString source{};
    //! The subject of the events; empty for the objectName() that the sender has when it is connected.
    QString subject{};
    //! Where not zero: of a burst only the last event is written, as soon as so long no further one has come. By the sink's
    //! clock. It is not accepted before that, so what a close of the sink finds here is not delivered.
    std::chrono::milliseconds debounce{0};
    //! Names of signals that connectAllSignals() leaves out, such as those that come with every movement of the mouse.
    QList<QByteArray> except{};
};

/*!
 * A connection of signals to a sink, made by connectSignal() and its like: each emission becomes an event that is written.
 *
 * A handle that can be copied and thrown away; the connection lasts until disconnect(), or the end of the sender or the sink. Any
 * thread may emit: the event is made and written there, within the emission, and nobody waits.
 *
 * **Arguments** become the event's data, a map with the names of the signal's parameters (`argument1` for one without a name).
 * Values stay what they are, see the table of Event; in place of what an event cannot carry stand: of a QModelIndex `row`
 * and `column`, of an object `class` and `objectName`, of another pointer `class`, of points, sizes and rectangles `x`, `y`, `width`, `height`, of an
 * item selection its ranges, of other types the text that QVariant converts them to. Without arguments there are no data.
 *
 * **Refused**, with a warning, and a handle that is not active: what does not exist, a type, source or subject that no event can
 * have, parameters of types that the meta-object
 * does not know, and objects of this library as senders. Their signals tell of events, so each event would make another one.
 */
class QANAT_CORE_EXPORT SignalSource
{
public:
    //! Connected to nothing.
    SignalSource() noexcept;
    //!@{
    //! Copies are handles to the same connection; one that was moved from is connected to nothing.
    SignalSource(const SignalSource &other);
    SignalSource(SignalSource &&other) noexcept;
    SignalSource &operator=(const SignalSource &other);
    SignalSource &operator=(SignalSource &&other) noexcept;
    //!@}
    ~SignalSource();

    //! Whether emissions become events. Any thread.
    [[nodiscard]] bool isActive() const;
    //! Ends it. An emission that is under way in another thread may still become an event. Any thread.
    void disconnect();

    //! For the templates below.
    class Slot;

private:
    friend class SignalTap;
    explicit SignalSource(std::shared_ptr<SignalTap> tap) noexcept;

    std::shared_ptr<SignalTap> m_tap;
};

//! What the templates below stand on.
class QANAT_CORE_EXPORT SignalSource::Slot
{
public:
    //! For \a signal of \a sender, whose arguments become data. Where it is refused, nothing is to be connected.
    Slot(const QObject *sender, const QMetaMethod &signal, Sink *sink, const QString &type,
         const SignalOptions &options);
    //! For a function that makes the event.
    Slot(const QObject *sender, Sink *sink, const SignalOptions &options);
    ~Slot();
    Slot(const Slot &other);
    Slot &operator=(const Slot &other);

    [[nodiscard]] bool isRefused() const { return !m_tap; }
    //! \a arguments are as in QObject::qt_metacall(): the first is the return value.
    void emitted(void **arguments) const;
    //! With the function that makes the event, or nothing.
    void emitted(const std::function<std::optional<Event>()> &make) const;
    SignalSource connected(const QMetaObject::Connection &connection) const;

private:
    std::shared_ptr<SignalTap> m_tap;
};

namespace Detail {

template<typename Functor, typename Arguments, std::size_t... Index>
constexpr bool takes(std::index_sequence<Index...>)
{
    return std::is_invocable_v<Functor &, std::tuple_element_t<Index, Arguments>...>;
}

// Whether it takes them all, or all but some of the last.
template<typename Functor, typename Arguments, std::size_t... Index>
constexpr bool takesSome(std::index_sequence<Index...> sequence)
{
    if constexpr (takes<Functor, Arguments>(sequence) || sizeof...(Index) == 0)
        return takes<Functor, Arguments>(sequence);
    else
        return takesSome<Functor, Arguments>(std::make_index_sequence<sizeof...(Index) - 1>());
}

// With as many of the arguments as it takes, as Qt does.
template<typename Functor, typename Arguments, std::size_t... Index>
std::optional<Event> makeEvent(Functor &functor, const Arguments &arguments, std::index_sequence<Index...> sequence)
{
    if constexpr (takes<Functor, Arguments>(sequence))
        return functor(std::get<Index>(arguments)...);
    else if constexpr (sizeof...(Index) > 0)
        return makeEvent(functor, arguments, std::make_index_sequence<sizeof...(Index) - 1>());
    else
        return std::nullopt; // Does not compile, and connectSignal() says why.
}

} // namespace Detail

/*!
 * Each emission of \a signal becomes an event of \a type for \a sink, with the arguments as data. Any thread, as long as both
 * exist; neither is owned.
 *
 * \code
 * connectSignal(saveButton, &QPushButton::clicked, events, u"ui.save.clicked"_s);
 * connectSignal(model, &QAbstractItemModel::rowsInserted, events, u"model.grown"_s, {{}, u"orders"_s, 200ms});
 * \endcode
 */
template<typename Sender, typename Class, typename... Arguments>
SignalSource connectSignal(Sender *sender, void (Class::*signal)(Arguments...), Sink *sink, const QString &type,
                           const SignalOptions &options = {})
{
    const SignalSource::Slot slot(sender, QMetaMethod::fromSignal(signal), sink, type, options);
    if (slot.isRefused())
        return {};
    return slot.connected(QObject::connect(sender, signal, [slot](const Arguments &...arguments) {
        void *pointers[] = {nullptr, const_cast<void *>(static_cast<const void *>(std::addressof(arguments)))...};
        slot.emitted(pointers);
    }));
}

/*!
 * The same with a function that makes the event, or answers std::nullopt where an emission is none. It takes as many of the
 * signal's arguments as it likes, and is called in the thread that emits. An exception ends that emission only, with a warning.
 *
 * \code
 * connectSignal(document, &Document::renamed, events, [](const QString &from, const QString &to) {
 *     return Event(u"document.renamed"_s, QVariantMap{{u"from"_s, from}, {u"to"_s, to}});
 * });
 * \endcode
 */
template<typename Sender, typename Class, typename... Arguments, typename Functor,
         std::enable_if_t<!std::is_convertible_v<Functor, QString>, int> = 0>
SignalSource connectSignal(Sender *sender, void (Class::*signal)(Arguments...), Sink *sink, Functor functor,
                           const SignalOptions &options = {})
{
    static_assert(
        Detail::takesSome<Functor, std::tuple<const Arguments &...>>(std::index_sequence_for<Arguments...>()),
        "What makes the event must be a function that takes the signal's arguments, or the first few of them; "
        "or else the type of the event, a QString: u\"...\"_s");
    const SignalSource::Slot slot(sender, sink, options);
    if (slot.isRefused())
        return {};
    return slot.connected(QObject::connect(sender, signal, [slot, functor](const Arguments &...arguments) mutable {
        slot.emitted([&] {
            return Detail::makeEvent(functor, std::tuple<const Arguments &...>(arguments...),
                                     std::index_sequence_for<Arguments...>());
        });
    }));
}

/*!
 * The same for a signal that is known at run time only: `clicked`, or with its parameters where there are several of that name,
 * `clicked(bool)`; what SIGNAL() makes will do, too.
 */
QANAT_CORE_EXPORT SignalSource connectSignal(QObject *sender, const char *signal, Sink *sink, const QString &type,
                                             const SignalOptions &options = {});

/*!
 * Connects all signals that the class of \a sender and its base classes up to QObject have, in one call. The type of an event is
 * \a typePrefix, a dot and the name of the signal. SignalOptions::except leaves some out; a signal with a parameter that cannot be
 * read is left out, with a warning. So is a name in that list that no signal has.
 */
QANAT_CORE_EXPORT SignalSource connectAllSignals(QObject *sender, Sink *sink, const QString &typePrefix,
                                                 const SignalOptions &options = {});

/*!
 * Each change of \a property becomes an event, as its NOTIFY signal tells; the data are a map of the property's name and its new
 * value. The property is read in the thread that emits. Refused for a property without a NOTIFY signal.
 */
QANAT_CORE_EXPORT SignalSource connectProperty(QObject *sender, const char *property, Sink *sink, const QString &type,
                                               const SignalOptions &options = {});

} // namespace Qanat

#endif
