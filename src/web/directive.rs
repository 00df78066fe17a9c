/// What a [`Csp`](super::Csp) restricts.
///
/// # Source
/// Content Security Policy Level 3, §6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Directive {
    /// `default-src`: everything fetched that has no directive of its own.
    Default,
    /// `script-src`
    Script,
    /// `script-src-elem`: `<script>` alone.
    ScriptElement,
    /// `script-src-attr`: `onclick` and its like.
    ScriptAttribute,
    /// `style-src`
    Style,
    /// `style-src-elem`: `<style>` and linked sheets alone.
    StyleElement,
    /// `style-src-attr`: `style="…"` alone.
    StyleAttribute,
    /// `img-src`
    Image,
    /// `font-src`
    Font,
    /// `connect-src`: `fetch`, web sockets, beacons.
    Connect,
    /// `media-src`
    Media,
    /// `object-src`: plug-ins.
    Object,
    /// `frame-src`: what the page may frame.
    Frame,
    /// `worker-src`: places alone. Where it is not said, workers are scripts.
    Worker,
    /// `manifest-src`
    Manifest,
    /// `base-uri`: what `<base>` may say. `default-src` does not stand in for it.
    BaseUri,
    /// `form-action`: where forms may be sent. `default-src` does not stand in for it.
    FormAction,
    /// `frame-ancestors`: who may frame the page. `default-src` does not stand in for it.
    FrameAncestors,
}

impl Directive {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Default => "default-src",
            Self::Script => "script-src",
            Self::ScriptElement => "script-src-elem",
            Self::ScriptAttribute => "script-src-attr",
            Self::Style => "style-src",
            Self::StyleElement => "style-src-elem",
            Self::StyleAttribute => "style-src-attr",
            Self::Image => "img-src",
            Self::Font => "font-src",
            Self::Connect => "connect-src",
            Self::Media => "media-src",
            Self::Object => "object-src",
            Self::Frame => "frame-src",
            Self::Worker => "worker-src",
            Self::Manifest => "manifest-src",
            Self::BaseUri => "base-uri",
            Self::FormAction => "form-action",
            Self::FrameAncestors => "frame-ancestors",
        }
    }

    /// Whether it governs scripts.
    pub(super) const fn is_of_scripts(self) -> bool {
        matches!(self, Self::Default | Self::Script | Self::ScriptElement | Self::ScriptAttribute)
    }

    /// Whether it tells content apart, by nonce or hash, and not only places.
    pub(super) const fn knows_content(self) -> bool {
        self.is_of_scripts() || matches!(self, Self::Style | Self::StyleElement | Self::StyleAttribute)
    }
}
