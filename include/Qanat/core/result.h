// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_RESULT_H
#define QANAT_CORE_RESULT_H

#include <QtCore/qglobal.h>
#include <QtCore/qstring.h>

#include <type_traits>
#include <utility>

namespace Qanat {

/*!
 * The text of an error on its way into a Result: `return Failure{u"..."_s};`
 */
struct Failure
{
    QString text; //!< For people: plain, without payloads and secrets.
};

/*!
 * A value, or the text that says why there is none.
 *
 * \code
 * const Result<QByteArray> json = event.toJson();
 * if (!json)
 *     qWarning() << json.errorText();
 * else
 *     device->write(*json);
 * \endcode
 *
 * \a T needs a default constructor: value() of a failed result is a default constructed T, so that a forgotten check
 * reads an empty value and never foreign memory. The error text is for people: plain, without payloads and secrets.
 *
 * A plain value without locks: as thread-safe as \a T is.
 */
template<typename T>
class [[nodiscard]] Result
{
public:
    //! A success. Implicit, so that functions can return the bare value.
    Result(T value) noexcept(std::is_nothrow_move_constructible_v<T>)
        : m_value(std::move(value))
    {
    }

    //! A failure. Implicit, so that functions can return Failure{text}.
    Result(Failure failure)
        : m_errorText(std::move(failure.text))
        , m_failed(true)
    {
    }

    //! Whether there is a value.
    [[nodiscard]] explicit operator bool() const noexcept { return !m_failed; }

    //! The value; a default constructed one where there is none.
    [[nodiscard]] const T &value() const &noexcept { return m_value; }
    //! The value, moved out of a result that goes away: `Event event = Event::fromJson(line).value();`
    [[nodiscard]] T value() && { return std::move(m_value); }
    //! The value, or \a fallback where there is none.
    [[nodiscard]] T valueOr(T fallback) const { return m_failed ? std::move(fallback) : m_value; }

    //!@{
    //! As value().
    [[nodiscard]] const T &operator*() const &noexcept { return m_value; }
    [[nodiscard]] T operator*() && { return std::move(m_value); }
    [[nodiscard]] const T *operator->() const noexcept { return &m_value; }
    //!@}

    //! Why there is no value; empty where there is one.
    [[nodiscard]] QString errorText() const { return m_errorText; }

private:
    T m_value{};
    QString m_errorText;
    bool m_failed = false;
};

} // namespace Qanat

#endif
