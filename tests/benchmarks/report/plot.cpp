// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "document.h"

#include <QtCore/qxmlstream.h>

#include <cmath>

using namespace Qt::StringLiterals;

namespace {

struct Curve
{
    QString name;
    QString row;
    QString colour;
};

// One of the two halves: logarithmic axes, a curve for each peer.
class Panel
{
public:
    Panel(QXmlStreamWriter &svg, double left, const QString &title, const QString &xTitle, const QList<int> &numbers)
        : m_svg(svg)
        , m_left(left)
        , m_numbers(numbers)
    {
        text(m_left + Width / 2, Top - 24, title, u"middle"_s, 15);
        text(m_left + Width / 2, Top + Height + 42, xTitle, u"middle"_s, 13);
        for (int exponent = LeastExponent; exponent <= GreatestExponent; ++exponent) {
            const double y = yOf(std::pow(10.0, exponent));
            line(m_left, y, m_left + Width, y, u"#ddd"_s, 1);
            text(m_left - 6, y + 4,
                 exponent < 6   ? u"%1 k"_s.arg(std::pow(10, exponent - 3))
                 : exponent < 9 ? u"%1 M"_s.arg(std::pow(10, exponent - 6))
                                : u"%1 G"_s.arg(std::pow(10, exponent - 9)),
                 u"end"_s, 12);
        }
        for (const int number : numbers)
            text(xOf(number), Top + Height + 20, QString::number(number), u"middle"_s, 12);
        line(m_left, Top, m_left, Top + Height, u"#444"_s, 1);
        line(m_left, Top + Height, m_left + Width, Top + Height, u"#444"_s, 1);
    }

    void draw(const Curve &curve, const Figures &figures)
    {
        QString points;
        for (const int number : m_numbers) {
            const std::optional<double> ns = figures.median(curve.row.arg(number), u"ns"_s);
            if (!ns || *ns <= 0)
                continue;
            const double x = xOf(number);
            const double y = yOf(1e9 / *ns);
            points += u"%1,%2 "_s.arg(x, 0, 'f', 1).arg(y, 0, 'f', 1);
            m_svg.writeEmptyElement(u"circle"_s);
            m_svg.writeAttribute(u"cx"_s, QString::number(x, 'f', 1));
            m_svg.writeAttribute(u"cy"_s, QString::number(y, 'f', 1));
            m_svg.writeAttribute(u"r"_s, u"3.5"_s);
            m_svg.writeAttribute(u"fill"_s, curve.colour);
        }
        if (points.isEmpty())
            return;
        m_svg.writeEmptyElement(u"polyline"_s);
        m_svg.writeAttribute(u"points"_s, points.trimmed());
        m_svg.writeAttribute(u"fill"_s, u"none"_s);
        m_svg.writeAttribute(u"stroke"_s, curve.colour);
        m_svg.writeAttribute(u"stroke-width"_s, u"2"_s);
    }

    static constexpr double Width = 360;
    static constexpr double Height = 300;
    static constexpr double Top = 60;

private:
    static constexpr int LeastExponent = 5;
    static constexpr int GreatestExponent = 10;

    double xOf(int number) const
    {
        const double first = std::log10(double(m_numbers.first()));
        const double last = std::log10(double(m_numbers.last()));
        return m_left + 24 + (Width - 48) * (std::log10(double(number)) - first) / (last - first);
    }
    static double yOf(double perSecond)
    {
        const double part = (std::log10(perSecond) - LeastExponent) / (GreatestExponent - LeastExponent);
        return Top + Height - Height * std::clamp(part, 0.0, 1.0);
    }
    void line(double x1, double y1, double x2, double y2, const QString &colour, int width)
    {
        m_svg.writeEmptyElement(u"line"_s);
        m_svg.writeAttribute(u"x1"_s, QString::number(x1));
        m_svg.writeAttribute(u"y1"_s, QString::number(y1));
        m_svg.writeAttribute(u"x2"_s, QString::number(x2));
        m_svg.writeAttribute(u"y2"_s, QString::number(y2));
        m_svg.writeAttribute(u"stroke"_s, colour);
        m_svg.writeAttribute(u"stroke-width"_s, QString::number(width));
    }
    void text(double x, double y, const QString &words, const QString &anchor, int size)
    {
        m_svg.writeStartElement(u"text"_s);
        m_svg.writeAttribute(u"x"_s, QString::number(x));
        m_svg.writeAttribute(u"y"_s, QString::number(y));
        m_svg.writeAttribute(u"text-anchor"_s, anchor);
        m_svg.writeAttribute(u"font-size"_s, QString::number(size));
        m_svg.writeCharacters(words);
        m_svg.writeEndElement();
    }

    QXmlStreamWriter &m_svg;
    const double m_left;
    const QList<int> m_numbers;
};

} // namespace

QString Document::plot(const Figures &figures)
{
    const QList<Curve> curves{{u"Qanat"_s, u"%1"_s, u"#0b6e99"_s},
                              {u"go-events"_s, u"peer/go-events/%1"_s, u"#d1495b"_s},
                              {u"queued Qt signal"_s, u"peer/qt-signal/%1"_s, u"#66a182"_s},
                              {u"Boost.Signals2 and a mutex"_s, u"peer/boost-signals2/%1"_s, u"#edae49"_s},
                              {u"moodycamel"_s, u"peer/moodycamel/%1"_s, u"#7b5ea7"_s},
                              {u"spdlog, asynchronous"_s, u"peer/spdlog/%1"_s, u"#888888"_s}};
    QString text;
    QXmlStreamWriter svg(&text);
    svg.setAutoFormatting(true);
    svg.writeStartElement(u"svg"_s);
    svg.writeDefaultNamespace(u"http://www.w3.org/2000/svg"_s);
    svg.writeAttribute(u"viewBox"_s, u"0 0 920 470"_s);
    svg.writeAttribute(u"font-family"_s, u"sans-serif"_s);
    svg.writeEmptyElement(u"rect"_s);
    svg.writeAttribute(u"width"_s, u"920"_s);
    svg.writeAttribute(u"height"_s, u"470"_s);
    svg.writeAttribute(u"fill"_s, u"white"_s);
    Panel producers(svg, 70, u"Events per second, one queue"_s, u"producers"_s, {1, 2, 4, 8});
    Panel queues(svg, 530, u"Deliveries per second, one producer"_s, u"queues behind a broadcaster"_s,
                 {1, 10, 100, 1000, 10000});
    double x = 40;
    for (const Curve &curve : curves) {
        producers.draw({curve.name, curve.row.arg(u"queue/producers:%1"_s), curve.colour}, figures);
        queues.draw({curve.name, curve.row.arg(u"broadcast/queues:%1"_s), curve.colour}, figures);
        svg.writeStartElement(u"text"_s);
        svg.writeAttribute(u"x"_s, QString::number(x));
        svg.writeAttribute(u"y"_s, u"450"_s);
        svg.writeAttribute(u"font-size"_s, u"13"_s);
        svg.writeAttribute(u"fill"_s, curve.colour);
        svg.writeCharacters(u"● "_s + curve.name);
        svg.writeEndElement();
        x += 40 + 7.2 * double(curve.name.size());
    }
    svg.writeEndElement();
    return text;
}
