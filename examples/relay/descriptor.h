// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_DESCRIPTOR_H
#define RELAY_DESCRIPTOR_H

#include <Qanat/Result>

#include <QtCore/qglobal.h>
#include <QtCore/qstring.h>

#include <optional>
#include <utility>

namespace Relay {

/*!
 * A file descriptor that closes itself.
 */
class Descriptor
{
public:
    Descriptor() = default;
    explicit Descriptor(int number)
        : m_number(number)
    {
    }
    Descriptor(Descriptor &&other) noexcept
        : m_number(std::exchange(other.m_number, -1))
    {
    }
    Descriptor &operator=(Descriptor &&other) noexcept
    {
        std::swap(m_number, other.m_number);
        return *this;
    }
    ~Descriptor();
    Q_DISABLE_COPY(Descriptor)

    [[nodiscard]] int number() const noexcept { return m_number; }

private:
    int m_number = -1;
};

/*!
 * A pipe that one thread writes a byte to when another, which waits in poll(), is to look up. Neither end ever blocks.
 */
struct WakeUpPipe
{
    Descriptor readEnd;
    Descriptor writeEnd;

    [[nodiscard]] static Qanat::Result<WakeUpPipe> make();
};

enum class StandardInput : quint8 { Open, Closed };

/*!
 * Standard input, output and error that the program was started without are bound to the null device, so that no socket gets
 * their numbers. To be called before anything else. Answers how standard input was found.
 */
StandardInput reserveStandardDescriptors();

//! Opens \a file for reading, standard input where none is given. The error names it and says why.
[[nodiscard]] Qanat::Result<Descriptor> openInput(const std::optional<QString> &file, StandardInput standardInput);

//! What keeps \a file from being appended to, while \a input is read; empty if nothing does. It is made where it is not there, for its
//! owner only.
[[nodiscard]] QString appendError(const QString &file, const Descriptor &input);

//! How messages call the input.
[[nodiscard]] QString inputName(const std::optional<QString> &file);

} // namespace Relay

#endif
