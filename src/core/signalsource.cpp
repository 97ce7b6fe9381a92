// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/signalsource.h"

#include "logging_p.h"
#include "signalargument_p.h"
#include "signaltap_p.h"

#include "Qanat/core/sink.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <unordered_map>
#include <vector>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

/*
 * Receives those signals of one sender that are known at run time only: its slots are numbers beyond those of QObject, one for
 * each connection.
 *
 * It lives in no thread, since any may emit, and as long as the sender does: whoever emits while others disconnect must find it.
 * The numbers of connections that have ended are used again, but only for the same signal: an emission that is under way comes
 * with the arguments of the one that it was made for.
 */
class SignalRelay final
    : public QObject
    , public std::enable_shared_from_this<SignalRelay>
{
public:
    using Action = std::function<void(void **arguments)>;

    static void connect(QObject *sender, const QMetaMethod &signal, const std::shared_ptr<SignalTap> &tap,
                        Action action)
    {
        const std::shared_ptr<SignalRelay> relay = of(sender);
        tap->addMade([&] {
            const int slot = relay->add({signal.methodIndex(), tap, std::make_shared<const Action>(std::move(action))});
            return QMetaObject::connect(sender, signal.methodIndex(), relay.get(),
                                        staticMetaObject.methodCount() + slot, Qt::DirectConnection);
        });
    }

    explicit SignalRelay(const QObject *sender)
        : m_sender(sender)
    {
        moveToThread(nullptr);
    }
    ~SignalRelay() override
    {
        const std::lock_guard lock(s_mutex);
        const auto place = s_relays.find(m_sender);
        if (place != s_relays.end() && place->second.expired())
            s_relays.erase(place);
    }

    int qt_metacall(QMetaObject::Call call, int id, void **arguments) override
    {
        id = QObject::qt_metacall(call, id, arguments);
        if (id < 0 || call != QMetaObject::InvokeMetaMethod)
            return id;
        const std::shared_ptr<SignalRelay> alive = weak_from_this().lock();
        std::unique_lock lock(m_mutex);
        const std::shared_ptr<const Action> action = size_t(id) < m_slots.size() ? m_slots[size_t(id)].action : nullptr;
        lock.unlock();
        if (action)
            SignalTap::guarded([&] { (*action)(arguments); });
        return -1;
    }

private:
    struct Slot
    {
        int signal;
        std::shared_ptr<SignalTap> tap;
        std::shared_ptr<const Action> action;
    };

    static std::shared_ptr<SignalRelay> of(QObject *sender)
    {
        if (const std::shared_ptr<SignalRelay> known = find(sender))
            return known;
        // Without the mutex: the sender hears of the connection, and may connect another of its signals.
        const auto relay = std::make_shared<SignalRelay>(sender);
        relay->m_life = QObject::connect(sender, &QObject::destroyed, [relay] {});
        std::unique_lock lock(s_mutex);
        std::shared_ptr<SignalRelay> known = s_relays[sender].lock();
        if (!known || !known->m_life) {
            s_relays[sender] = relay;
            return relay;
        }
        lock.unlock();
        QObject::disconnect(relay->m_life);
        return known;
    }

    // An object that is gone may have had the same address: its relay may live on for as long as its last emission does.
    static std::shared_ptr<SignalRelay> find(QObject *sender)
    {
        const std::lock_guard lock(s_mutex);
        const auto place = s_relays.find(sender);
        std::shared_ptr<SignalRelay> relay = place != s_relays.end() ? place->second.lock() : nullptr;
        return relay && relay->m_life ? relay : nullptr;
    }

    int add(const Slot &slot)
    {
        std::vector<Slot> old; // Destroyed without the mutex.
        const std::lock_guard lock(m_mutex);
        for (Slot &one : m_slots) {
            if (one.tap && one.tap->isOver())
                old.push_back(std::exchange(one, {one.signal, nullptr, nullptr}));
        }
        const auto isFree = [&slot](const Slot &one) { return !one.tap && one.signal == slot.signal; };
        const auto place = std::find_if(m_slots.begin(), m_slots.end(), isFree);
        if (place == m_slots.end()) {
            m_slots.push_back(slot);
            return int(m_slots.size()) - 1;
        }
        *place = slot;
        return int(place - m_slots.begin());
    }

    static inline std::mutex s_mutex;
    static inline std::unordered_map<const QObject *, std::weak_ptr<SignalRelay>> s_relays;

    const QObject *const m_sender;
    QMetaObject::Connection m_life; // Lasts as long as the sender.
    std::mutex m_mutex;
    std::vector<Slot> m_slots;
};

void refuse(const QObject *sender, const QString &what, const QString &reason)
{
    QString name = sender ? QString::fromLatin1(sender->metaObject()->className()) : u"no object"_s;
    if (sender && !sender->objectName().isEmpty())
        name += u" \""_s + sender->objectName() + u'"';
    qCWarning(qanatSource, "%ls of %ls is not connected: %ls", qUtf16Printable(what), qUtf16Printable(name),
              qUtf16Printable(reason));
}

// What is wrong before anything is looked up; \a type is null where a function makes the event.
bool isRefusedFor(const QObject *sender, const QString &what, const Sink *sink, const QString *type,
                  const SignalOptions &options)
{
    QString reason = SignalTap::refusal(sender, sink);
    if (reason.isEmpty()) {
        Event sample(type ? *type : u"any"_s);
        if (!options.source.isEmpty())
            sample.setSource(options.source);
        if (!options.subject.isEmpty())
            sample.setSubject(options.subject);
        if (!sample.isValid())
            reason = sample.errorText();
    }
    if (!reason.isEmpty())
        refuse(sender, what, reason);
    return !reason.isEmpty();
}

bool isReadable(const QObject *sender, const QMetaMethod &signal)
{
    const QString type = SignalTap::unreadable(signal);
    if (!type.isEmpty()) {
        refuse(sender, QString::fromLatin1(signal.methodSignature()),
               u"%1 is not complete, or not known to the meta-object; a function can make the event"_s.arg(type));
    }
    return type.isEmpty();
}

// The signals of a class, without those that moc makes for parameters with a default.
QList<QMetaMethod> signalsOf(const QMetaObject *meta, int first)
{
    QList<QMetaMethod> found;
    for (int i = first; i < meta->methodCount(); ++i) {
        const QMetaMethod method = meta->method(i);
        if (method.methodType() == QMetaMethod::Signal && !(method.attributes() & QMetaMethod::Cloned))
            found.append(method);
    }
    return found;
}

// What SIGNAL() makes, a signature or just a name: the name, or the signature as the meta-object has it.
QByteArray nameOf(const char *text)
{
    QByteArray name = QByteArray(text).trimmed();
    if (name.startsWith('2'))
        name.remove(0, 1); // As SIGNAL() does.
    return name.contains('(') ? QMetaObject::normalizedSignature(name.constData()) : name;
}

// The one that is meant by a name, or by a signature.
QMetaMethod signalNamed(const QObject *sender, const char *text)
{
    const QMetaObject *const meta = sender->metaObject();
    const QByteArray name = nameOf(text);
    if (name.contains('(')) {
        const int index = meta->indexOfSignal(name.constData());
        if (index < 0)
            refuse(sender, QString::fromUtf8(name), u"there is no such signal"_s);
        return index < 0 ? QMetaMethod() : meta->method(index);
    }
    QList<QMetaMethod> found = signalsOf(meta, 0);
    found.removeIf([&name](const QMetaMethod &method) { return method.name() != name; });
    if (found.size() == 1)
        return found.first();
    QStringList signatures;
    for (const QMetaMethod &method : std::as_const(found))
        signatures.append(QString::fromLatin1(method.methodSignature()));
    refuse(sender, QString::fromUtf8(name),
           found.isEmpty() ? u"there is no such signal"_s
                           : u"there are several signals of that name: %1"_s.arg(signatures.join(u", "_s)));
    return {};
}

} // namespace

SignalSource::SignalSource() noexcept = default;
SignalSource::SignalSource(std::shared_ptr<SignalTap> tap) noexcept
    : m_tap(std::move(tap))
{
}
SignalSource::SignalSource(const SignalSource &other) = default;
SignalSource::SignalSource(SignalSource &&other) noexcept = default;
SignalSource &SignalSource::operator=(const SignalSource &other) = default;
SignalSource &SignalSource::operator=(SignalSource &&other) noexcept = default;
SignalSource::~SignalSource() = default;

bool SignalSource::isActive() const
{
    return m_tap && m_tap->isActive();
}

void SignalSource::disconnect()
{
    if (m_tap)
        m_tap->end();
}

SignalSource::Slot::Slot(const QObject *sender, const QMetaMethod &signal, Sink *sink, const QString &type,
                         const SignalOptions &options)
{
    if (isRefusedFor(sender, signal.isValid() ? QString::fromLatin1(signal.methodSignature()) : u"What was given"_s,
                     sink, &type, options))
        return;
    if (!signal.isValid()) {
        refuse(sender, u"What was given"_s, u"it is no signal"_s);
        return;
    }
    if (!isReadable(sender, signal))
        return;
    m_tap = std::make_shared<SignalTap>(*sender, *sink, options);
    m_tap->signal = signal;
    m_tap->type = type;
}

SignalSource::Slot::Slot(const QObject *sender, Sink *sink, const SignalOptions &options)
{
    if (!isRefusedFor(sender, u"A signal"_s, sink, nullptr, options))
        m_tap = std::make_shared<SignalTap>(*sender, *sink, options);
}

SignalSource::Slot::~Slot() = default;
SignalSource::Slot::Slot(const Slot &other) = default;
SignalSource::Slot &SignalSource::Slot::operator=(const Slot &other) = default;

void SignalSource::Slot::emitted(void **arguments) const
{
    SignalTap::guarded([&] { m_tap->write(m_tap->signal, m_tap->type, arguments); });
}

void SignalSource::Slot::emitted(const std::function<std::optional<Event>()> &make) const
{
    SignalTap::guarded([&] {
        if (const std::optional<Event> event = make())
            m_tap->write(*event);
    });
}

SignalSource SignalSource::Slot::connected(const QMetaObject::Connection &connection) const
{
    m_tap->add(connection);
    return m_tap->handle();
}

SignalSource connectSignal(QObject *sender, const char *signal, Sink *sink, const QString &type,
                           const SignalOptions &options)
{
    if (isRefusedFor(sender, QString::fromUtf8(signal), sink, &type, options))
        return {};
    const QMetaMethod method = signalNamed(sender, signal);
    if (!method.isValid() || !isReadable(sender, method))
        return {};
    const auto tap = std::make_shared<SignalTap>(*sender, *sink, options);
    SignalRelay::connect(sender, method, tap,
                         [tap, method, type](void **arguments) { tap->write(method, type, arguments); });
    return tap->handle();
}

SignalSource connectAllSignals(QObject *sender, Sink *sink, const QString &typePrefix, const SignalOptions &options)
{
    if (isRefusedFor(sender, u"All signals"_s, sink, &typePrefix, options))
        return {};
    const auto tap = std::make_shared<SignalTap>(*sender, *sink, options);
    QList<QMetaMethod> methods = signalsOf(sender->metaObject(), QObject::staticMetaObject.methodCount());
    for (const QByteArray &left : options.except) {
        const QByteArray name = nameOf(left.constData());
        const bool isSignature = name.contains('(');
        const auto isMeant = [&](const QMetaMethod &method) {
            return isSignature ? method.methodSignature() == name : method.name() == name;
        };
        if (methods.removeIf(isMeant) == 0) {
            qCWarning(qanatSource, "%s cannot be left out of the signals of %s: there is none of that name",
                      left.constData(), sender->metaObject()->className());
        }
    }
    for (const QMetaMethod &method : std::as_const(methods)) {
        if (!isReadable(sender, method))
            continue;
        const QString typeOfEvent = typePrefix + u'.' + QString::fromLatin1(method.name());
        SignalRelay::connect(sender, method, tap, [tap, method, typeOfEvent](void **arguments) {
            tap->write(method, typeOfEvent, arguments);
        });
    }
    return tap->handle();
}

SignalSource connectProperty(QObject *sender, const char *property, Sink *sink, const QString &type,
                             const SignalOptions &options)
{
    const QString name = QString::fromUtf8(property);
    if (isRefusedFor(sender, name.isEmpty() ? u"A property without a name"_s : name, sink, &type, options))
        return {};
    const QMetaObject *const meta = sender->metaObject();
    const QMetaProperty read = property ? meta->property(meta->indexOfProperty(property)) : QMetaProperty();
    if (!read.isValid() || !read.hasNotifySignal()) {
        refuse(sender, name.isEmpty() ? u"A property without a name"_s : name,
               read.isValid() ? u"the property has no NOTIFY signal"_s : u"there is no such property"_s);
        return {};
    }
    const auto tap = std::make_shared<SignalTap>(*sender, *sink, options);
    SignalRelay::connect(sender, read.notifySignal(), tap, [tap, read, sender, name, type](void **) {
        tap->write(Event(type, QVariantMap{{name, signalArgument(read.read(sender))}}));
    });
    return tap->handle();
}

} // namespace Qanat
